/* What a channel does for few: sizes, order, room, and ends that go. */
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "traffic.h"

#define HELD 4u

TEST(channel, sizes_out_of_range_are_refused)
{
    static const struct {
        uint32_t bytes, held;
    } bad[] = {{0, 1}, {CHAN_MESSAGE_MOST + 1, 1}, {1, 0}, {1, CHAN_HELD_BYTES + 1}, {256, 5}};

    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(chan_sender) sender = {0};
        OWN(chan_receiver) receiver = {0};

        if (!chan_make(&sender, &receiver, bad[i].bytes, bad[i].held))
            continue;
        CHECK(t, false, "%u messages of %u bytes are accepted", bad[i].held, bad[i].bytes);
        chan_sender_drop(&sender);
        chan_receiver_drop(&receiver);
    }
}

/* One step of each, as a service does it; @return what they said. */
static enum status try_send(const chan_sender *sender, const void *message, size_t bytes) BORROWS(*sender);
static enum status try_send(const chan_sender *sender, const void *message, size_t bytes)
{
    OWN(chan_op) op = {0};
    enum status status;

    chan_begin(&op);
    status = chan_send_step(&op, sender, message, bytes);
    chan_end(&op);
    return status;
}

static enum status try_receive(const chan_receiver *receiver, void *message, size_t bytes)
    BORROWS(*receiver);
static enum status try_receive(const chan_receiver *receiver, void *message, size_t bytes)
{
    OWN(chan_op) op = {0};
    enum status status;

    chan_begin(&op);
    status = chan_receive_step(&op, receiver, message, bytes);
    chan_end(&op);
    return status;
}

TEST(channel, message_of_another_size_is_refused)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    uint64_t message = 0;

    if (!chan_make(&sender, &receiver, 4, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, try_send(&sender, &message, 8) == ERR_INVALID, "8 bytes are sent");
    CHECK(t, try_receive(&receiver, &message, 8) == ERR_INVALID, "8 bytes are received");
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

/* Sends @p op's message by another op than the receiver's, and looks at both. */
static void meet(struct test_run *t, const chan_sender *sender, const chan_receiver *receiver,
                 size_t bytes) BORROWS(*sender) BORROWS(*receiver);
static void meet(struct test_run *t, const chan_sender *sender, const chan_receiver *receiver, size_t bytes)
{
    OWN(chan_op) give = {0};
    OWN(chan_op) take = {0};
    uint8_t sent[CHAN_MESSAGE_MOST], got[CHAN_MESSAGE_MOST + 1];
    enum status before, after;

    for (size_t i = 0; i < bytes; i++)
        sent[i] = (uint8_t)(bytes + 3 * i + 1);
    memset(got, 0xee, sizeof got);
    chan_begin(&take);
    before = chan_receive_step(&take, receiver, got, bytes);
    chan_begin(&give);
    CHECK(t, chan_send_step(&give, sender, sent, bytes) == OK, "of %zu bytes", bytes);
    chan_end(&give);
    after = chan_receive_step(&take, receiver, got, bytes);
    chan_end(&take);
    CHECK(t, before == AGAIN && after == OK, "%s, then %s", status_name(before), status_name(after));
    CHECK(t, memcmp(sent, got, bytes) == 0 && got[bytes] == 0xee, "of %zu bytes", bytes);
}

TEST(channel, receiver_that_waits_is_given_the_message)
{
    for (uint32_t bytes = 1; bytes <= CHAN_MESSAGE_MOST; bytes += bytes < 20 ? 1 : 59) {
        OWN(chan_sender) sender = {0};
        OWN(chan_receiver) receiver = {0};

        if (!chan_make(&sender, &receiver, bytes, 1)) {
            CHECK(t, false, "no memory");
            return;
        }
        meet(t, &sender, &receiver, bytes);
        chan_sender_drop(&sender);
        chan_receiver_drop(&receiver);
    }
}

TEST(channel, full_channel_has_the_sender_wait)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    OWN(chan_op) op = {0};
    uint32_t room, i, got = 0, last = 77;
    enum status first, then;

    if (!chan_make(&sender, &receiver, sizeof i, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    room = channel_holds(&sender) ? HELD : 0;
    for (i = 0; i < room; i++)
        CHECK(t, try_send(&sender, &i, sizeof i) == OK, "number %u", i);
    chan_begin(&op);
    first = chan_send_step(&op, &sender, &last, sizeof last);
    CHECK(t, try_send(&sender, &i, sizeof i) == AGAIN, "one comes before who waits");
    for (i = 0; i < room; i++)
        CHECK(t, try_receive(&receiver, &got, sizeof got) == OK && got == i, "%u is %u", i, got);
    CHECK(t, try_receive(&receiver, &got, sizeof got) == OK && got == last, "the last is %u", got);
    then = chan_send_step(&op, &sender, &last, sizeof last);
    chan_end(&op);
    CHECK(t, first == AGAIN && then == OK, "%s, then %s", status_name(first), status_name(then));
    CHECK(t, try_receive(&receiver, &got, sizeof got) == AGAIN, "there is another one, %u", got);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

/* Of three that wait the one in place @p gone gives up: the others come in order. */
static void give_up(struct test_run *t, const chan_sender *sender, const chan_receiver *receiver, uint32_t gone)
    BORROWS(*sender) BORROWS(*receiver);
static void give_up(struct test_run *t, const chan_sender *sender, const chan_receiver *receiver, uint32_t gone)
{
    OWN(chan_op) first = {0};
    OWN(chan_op) second = {0};
    OWN(chan_op) third = {0};
    uint32_t numbers[3] = {1, 2, 3}, got = 0;
    int waiting = 0;

    chan_begin(&first);
    chan_begin(&second);
    chan_begin(&third);
    waiting += chan_send_step(&first, sender, &numbers[0], sizeof got) == AGAIN;
    waiting += chan_send_step(&second, sender, &numbers[1], sizeof got) == AGAIN;
    waiting += chan_send_step(&third, sender, &numbers[2], sizeof got) == AGAIN;
    CHECK(t, waiting == 3, "%d wait", waiting);
    if (gone == 1)
        chan_cancel(&first);
    else if (gone == 2)
        chan_cancel(&second);
    else
        chan_cancel(&third);
    if (channel_holds(sender))
        CHECK(t, try_receive(receiver, &got, sizeof got) == OK && got == 0, "what it was full of is %u", got);
    for (uint32_t i = 1; i <= 3; i++)
        if (i != gone)
            CHECK(t, try_receive(receiver, &got, sizeof got) == OK && got == i, "%u is %u", i, got);
    CHECK(t, try_receive(receiver, &got, sizeof got) == AGAIN, "%u was given up, and comes", got);
    chan_end(&first);
    chan_end(&second);
    chan_end(&third);
}

TEST(channel, send_that_is_given_up_sends_nothing)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    uint32_t filler = 0;

    if (!chan_make(&sender, &receiver, sizeof filler, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    for (uint32_t gone = 1; gone <= 3; gone++) {
        if (channel_holds(&sender))
            CHECK(t, try_send(&sender, &filler, sizeof filler) == OK, "it is full");
        give_up(t, &sender, &receiver, gone);
    }
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

static bool note_check(const struct cell *cell, void *argument)
{
    if (cell->live && strcmp(cell->manifest.provides, "channel") == 0)
        *(uint64_t *)argument = cell->manifest.check;
    return true;
}

/* guarded_call() passes it an argument, at which it does not look. */
TEST(channel, self_test_passes)
{
    uint64_t check = 0, before = channels_live();
    enum status status;

    cells_visit(note_check, &check);
    if (!CHECK(t, check, "no cell that provides channel has one"))
        return;
    status = guarded_call((enum status(*)(void *))check, NULL);
    CHECK(t, status == OK, "%s", status_name(status));
    CHECK(t, channels_live() == before, "%lu channels, were %lu", channels_live(), before);
}
