/* Many senders and receivers on one channel: each message comes once, in order, also when some are killed. */
#include "clock.h"
#include "nucleus/string.h"
#include "traffic.h"

#define MESSAGES 400u
#define HELD 16u
#define ROUNDS 30u

static void run_traffic(struct test_run *t, unsigned senders, unsigned receivers, uint32_t held)
    REQUIRES(may_park);
static void run_traffic(struct test_run *t, unsigned senders, unsigned receivers, uint32_t held)
{
    struct traffic *traffic = traffic_new();
    uint64_t before = channels_live();
    uint32_t received = 0;

    traffic->sending = senders;
    traffic->receiving = receivers;
    traffic->messages = MESSAGES;
    CHECK(t, traffic_begin(traffic, held), "no memory");
    traffic_end(traffic);
    for (unsigned i = 0; i < senders; i++)
        traffic_check(t, traffic, i, MESSAGES);
    for (unsigned i = 0; i < receivers; i++)
        received += traffic->receivers[i].done;
    CHECK(t, traffic->wrong == 0, "%u messages are none, or out of order", traffic->wrong);
    CHECK(t, received == senders * MESSAGES, "%u", received);
    CHECK(t, channels_live() == before, "%lu channels, were %lu", channels_live(), before);
}

TEST(channel, one_to_one_in_order)
{
    run_traffic(t, 1, 1, HELD);
}

TEST(channel, many_to_one_in_order)
{
    run_traffic(t, SIDE_MOST, 1, HELD);
}

TEST(channel, one_to_many_once_each)
{
    run_traffic(t, 1, SIDE_MOST, HELD);
}

TEST(channel, many_to_many_once_each)
{
    run_traffic(t, SIDE_MOST, SIDE_MOST, HELD);
}

TEST(channel, many_to_many_with_room_for_one)
{
    run_traffic(t, SIDE_MOST, SIDE_MOST, 1);
}

static uint64_t draw(uint64_t *random) /* Marsaglia's xorshift64 */
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* Lets the others run for a while, and kills some: of each side all but the last one may be killed. @return a bit for
 * each sender that was. */
static uint32_t kill_at_random(struct traffic *traffic, uint64_t *random, unsigned *kills) REQUIRES(may_park);
static uint32_t kill_at_random(struct traffic *traffic, uint64_t *random, unsigned *kills)
{
    uint32_t killed[2] = {0, 0}; /* receivers, senders */

    for (unsigned tries = 0; tries < 4; tries++) {
        unsigned who = (unsigned)(draw(random) % 3), side = draw(random) % 2;

        for (uint64_t i = draw(random) % 16; i > 0; i--)
            task_yield();
        if (killed[side] & 1u << who)
            continue;
        killed[side] |= 1u << who;
        *kills += traffic_kill(side ? &traffic->senders[who] : &traffic->receivers[who]);
    }
    for (unsigned i = 0; i < 3; i++)
        if (killed[0] & 1u << i)
            traffic_count_last(&traffic->receivers[i]);
    return killed[1];
}

/* What it has sent before it was killed came; the one that it was at then may have come. */
static void check_killed(struct test_run *t, struct traffic *traffic, unsigned sender)
{
    uint32_t done = traffic->senders[sender].done;

    if (done < traffic->messages && traffic->seen[sender][done] == 1)
        done++;
    traffic_check(t, traffic, sender, done);
}

TEST(channel, random_kills_lose_and_double_nothing)
{
    uint64_t random = 0x9e3779b97f4a7c15, before = channels_live();
    unsigned kills = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct traffic *traffic = traffic_new();
        uint32_t killed, held = round % 2 ? 1 : HELD;

        traffic->sending = traffic->receiving = 4;
        traffic->messages = MESSAGES_MOST;
        CHECK(t, traffic_begin(traffic, held), "no memory");
        killed = kill_at_random(traffic, &random, &kills);
        traffic_end(traffic);
        for (unsigned i = 0; i < traffic->sending; i++) {
            if (killed & 1u << i)
                check_killed(t, traffic, i);
            else
                traffic_check(t, traffic, i, MESSAGES_MOST);
        }
        CHECK(t, traffic->wrong == 0, "%u messages are none, or out of order", traffic->wrong);
    }
    CHECK(t, kills >= ROUNDS, "only %u kills came in time", kills);
    CHECK(t, channels_live() == before, "%lu channels, were %lu", channels_live(), before);
}
