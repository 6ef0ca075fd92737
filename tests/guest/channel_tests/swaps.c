/* Channels go over from one provider to the other and back, with messages in them and tasks that wait. */
#include "clock.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/string.h"
#include "party.h"
#include "swap.h"
#include "traffic.h"

#define HELD 4u
#define SWAPS 6u
#define MS 1000000ul

/* The cell that provides channels now. */
static void provider_now(char name[CELL_NAME_ROOM])
{
    struct cell_info cell;

    name[0] = '\0';
    for (unsigned i = 0; cell_get(i, &cell); i++)
        if (strcmp(cell.provides, "channel") == 0)
            (void)string_copy(name, CELL_NAME_ROOM, cell.name);
}

/* Has the other provider take over, unless it is @p wanted that serves. */
static void swap_to(struct test_run *t, const char *wanted) REQUIRES(may_park);
static void swap_to(struct test_run *t, const char *wanted)
{
    OWN(swap_request) request = {0};
    struct swap_report report;
    char now[CELL_NAME_ROOM];
    enum status status;

    provider_now(now);
    if (strcmp(now, wanted) == 0)
        return;
    memset(&report, 0, sizeof report);
    if (!cell_swap(&request, now, wanted, NULL, 0, false, &report.why)) {
        CHECK(t, false, "%s", report.why.text);
        return;
    }
    status = swap_wait(&request, &report);
    CHECK(t, status == OK && report.status == OK, "%s to %s: %s", now, wanted, report.why.text);
}

/* Receives @p count numbers from @p first on. */
static void receive_from(struct test_run *t, const chan_receiver *receiver, uint32_t first, uint32_t count)
    BORROWS(*receiver) REQUIRES(may_park);
static void receive_from(struct test_run *t, const chan_receiver *receiver, uint32_t first, uint32_t count)
{
    uint32_t got = 0;

    for (uint32_t i = first; i < first + count; i++)
        CHECK(t, chan_receive(receiver, &got, sizeof got) == OK && got == i, "%u is %u", i, got);
}

/* Four are held, two wait; then two are received, and so on: the order stays. */
TEST(channel, held_messages_come_first_after_a_swap_to_sync)
{
    char was[CELL_NAME_ROOM];
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party fifth, sixth;
    struct chan_figures figures;

    provider_now(was);
    swap_to(t, "chan_async");
    if (!chan_make(&sender, &receiver, sizeof(uint32_t), HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    for (uint32_t i = 100; i < 102; i++) /* so that the ring does not begin at its first place */
        CHECK(t, chan_send(&sender, &i, sizeof i) == OK, "number %u", i);
    receive_from(t, &receiver, 100, 2);
    for (uint32_t i = 0; i < HELD; i++)
        CHECK(t, chan_send(&sender, &i, sizeof i) == OK, "number %u", i);
    CHECK(t, party_begin_sending(&fifth, party_sends, &sender, 4), "no memory");
    CHECK(t, wait_until_waiting(&sender, 1, 0), "the fifth does not wait");
    CHECK(t, party_begin_sending(&sixth, party_sends, &sender, 5), "no memory");
    CHECK(t, wait_until_waiting(&sender, 2, 0), "the sixth does not wait");
    swap_to(t, "chan_sync");
    chan_figures(&sender, &figures);
    CHECK(t, figures.held == HELD && figures.sending == 2 && figures.most == 0, "%u held, %u wait", figures.held,
          figures.sending);
    receive_from(t, &receiver, 0, 1);
    swap_to(t, "chan_async"); /* there is room for one now */
    party_end(&fifth);
    CHECK(t, fifth.heard == OK && sixth.heard == AGAIN, "%s, %s", status_name(fifth.heard), status_name(sixth.heard));
    receive_from(t, &receiver, 1, 2);
    swap_to(t, "chan_sync");
    receive_from(t, &receiver, 3, 3);
    party_end(&sixth);
    CHECK(t, sixth.heard == OK, "%s", status_name(sixth.heard));
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
    swap_to(t, was);
}

TEST(channel, senders_that_wait_are_served_after_a_swap_to_async)
{
    char was[CELL_NAME_ROOM];
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party parties[3];

    provider_now(was);
    swap_to(t, "chan_sync");
    if (!chan_make(&sender, &receiver, sizeof(uint32_t), 2)) {
        CHECK(t, false, "no memory");
        return;
    }
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(t, party_begin_sending(&parties[i], party_sends, &sender, i), "no memory");
        CHECK(t, wait_until_waiting(&sender, i + 1, 0), "number %u does not wait", i);
    }
    swap_to(t, "chan_async");
    party_end(&parties[0]);
    party_end(&parties[1]);
    CHECK(t, wait_until_waiting(&sender, 1, 0), "the third one does not wait");
    receive_from(t, &receiver, 0, 3);
    party_end(&parties[2]);
    for (unsigned i = 0; i < 3; i++)
        CHECK(t, parties[i].heard == OK, "%u: %s", i, status_name(parties[i].heard));
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
    swap_to(t, was);
}

TEST(channel, receivers_that_wait_are_served_after_a_swap)
{
    char was[CELL_NAME_ROOM];
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party first, second;
    uint32_t number = 7;

    provider_now(was);
    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_receiving(&first, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 1), "the first one does not wait");
    CHECK(t, party_begin_receiving(&second, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 2), "the second one does not wait");
    swap_to(t, "chan_sync");
    CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "by chan_sync");
    party_end(&first);
    swap_to(t, "chan_async");
    chan_sender_drop(&sender);
    party_end(&second);
    CHECK(t, first.heard == OK && first.number == 7, "%s", status_name(first.heard));
    CHECK(t, second.heard == ERR_CANCELLED, "%s", status_name(second.heard));
    chan_receiver_drop(&receiver);
    swap_to(t, was);
}

/* What the ends were, and that one side has gone by a fault, is not forgotten. */
TEST(channel, ends_that_have_gone_are_known_after_a_swap)
{
    char was[CELL_NAME_ROOM];
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party culprit;
    uint32_t number = 3;
    uint64_t before = channels_live();

    provider_now(was);
    swap_to(t, "chan_async");
    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "it is not held");
    CHECK(t, party_begin_sending(&culprit, party_faults_sending, &sender, 0), "no memory");
    chan_sender_drop(&sender);
    __atomic_store_n(&culprit.go, 1, __ATOMIC_RELEASE);
    party_end(&culprit);
    swap_to(t, "chan_sync");
    receive_from(t, &receiver, 3, 1);
    CHECK(t, chan_receive(&receiver, &number, sizeof number) == ERR_FAULT, "the fault is forgotten");
    swap_to(t, "chan_async");
    CHECK(t, chan_receive(&receiver, &number, sizeof number) == ERR_FAULT, "the fault is forgotten then");
    chan_receiver_drop(&receiver);
    CHECK(t, channels_live() == before, "%lu channels, were %lu", channels_live(), before);
    swap_to(t, was);
}

/* Messages on their way all the time, through a few swaps; `demo channel` does thousands. */
TEST(channel, messages_on_their_way_come_once_and_in_order)
{
    char was[CELL_NAME_ROOM];
    struct traffic *traffic = traffic_new();
    uint64_t channels = channels_live(), copies = objects_live("evolution");

    provider_now(was);
    traffic->sending = traffic->receiving = SIDE_MOST;
    traffic->messages = MESSAGES_MOST;
    traffic->slow = true;
    CHECK(t, traffic_begin(traffic, HELD), "no memory");
    for (unsigned i = 0; i < SWAPS; i++)
        swap_to(t, i % 2 ? "chan_async" : "chan_sync");
    traffic_end(traffic);
    for (unsigned i = 0; i < SIDE_MOST; i++)
        traffic_check(t, traffic, i, MESSAGES_MOST);
    CHECK(t, traffic->wrong == 0, "%u messages are none, or out of order", traffic->wrong);
    swap_to(t, was);
    CHECK(t, channels_live() == channels, "%lu channels, were %lu", channels_live(), channels);
    CHECK(t, objects_live("channel ring") + objects_live("channel backlog") == channels, "%lu and %lu bodies",
          objects_live("channel ring"), objects_live("channel backlog"));
    CHECK(t, objects_live("evolution") == copies, "%lu copies are left", objects_live("evolution"));
}
