/* Kills and faults of those who send and receive, in each state that they can be in. */
#include "party.h"
#include "traffic.h"

/* A receiver of the test's own: what comes is what nobody else has got. */
static enum status try_receive(const chan_receiver *receiver, uint32_t *number) BORROWS(*receiver);
static enum status try_receive(const chan_receiver *receiver, uint32_t *number)
{
    OWN(chan_op) op = {0};
    enum status status;

    chan_begin(&op);
    status = chan_receive_step(&op, receiver, number, sizeof *number);
    chan_end(&op);
    return status;
}

TEST(channel, receiver_killed_while_it_waits_takes_nothing)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party victim, other;
    uint32_t number = 7;

    if (!chan_make(&sender, &receiver, sizeof number, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_receiving(&victim, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 1), "it does not wait");
    CHECK(t, party_begin_receiving(&other, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 2), "the other one does not wait");
    party_kill(t, &victim);
    CHECK(t, wait_until_waiting(&sender, 0, 1), "it is still in the queue");
    CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "the message");
    party_end(&other);
    CHECK(t, other.heard == OK && other.number == 7, "%s, %u", status_name(other.heard), other.number);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

TEST(channel, sender_killed_while_it_waits_sends_nothing)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party victim, other, filler;
    uint32_t number = 0;
    bool holds;

    if (!chan_make(&sender, &receiver, sizeof number, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    holds = channel_holds(&sender);
    CHECK(t, !holds || chan_send(&sender, &number, sizeof number) == OK, "it is full");
    CHECK(t, party_begin_sending(&filler, party_sends, &sender, 1), "no memory");
    CHECK(t, wait_until_waiting(&sender, 1, 0), "the first one does not wait");
    CHECK(t, party_begin_sending(&victim, party_sends, &sender, 2), "no memory");
    CHECK(t, wait_until_waiting(&sender, 2, 0), "it does not wait");
    CHECK(t, party_begin_sending(&other, party_sends, &sender, 3), "no memory");
    CHECK(t, wait_until_waiting(&sender, 3, 0), "the last one does not wait");
    party_kill(t, &victim);
    CHECK(t, !holds || (try_receive(&receiver, &number) == OK && number == 0), "%u", number);
    CHECK(t, try_receive(&receiver, &number) == OK && number == 1, "%u", number);
    CHECK(t, try_receive(&receiver, &number) == OK && number == 3, "%u", number);
    CHECK(t, try_receive(&receiver, &number) == AGAIN, "%u comes again", number);
    party_end(&filler);
    party_end(&other);
    CHECK(t, filler.heard == OK && other.heard == OK, "they hear else");
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

/* On one hart the victim has not run since it was given the message. */
TEST(channel, receiver_killed_with_a_message_takes_it_along)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party victim;
    uint32_t number = 7;

    if (!chan_make(&sender, &receiver, sizeof number, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_receiving(&victim, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 1), "it does not wait");
    CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "the message");
    party_kill_late(t, &victim);
    CHECK(t, victim.number == 7, "%u", victim.number);
    CHECK(t, try_receive(&receiver, &number) == AGAIN, "%u comes again", number);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

/* The same of a sender whose message was taken. */
TEST(channel, sender_killed_after_its_message_was_taken_has_sent_it)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party victim;
    uint32_t number = 0;
    bool holds;

    if (!chan_make(&sender, &receiver, sizeof number, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    holds = channel_holds(&sender);
    CHECK(t, !holds || chan_send(&sender, &number, sizeof number) == OK, "it is full");
    CHECK(t, party_begin_sending(&victim, party_sends, &sender, 8), "no memory");
    CHECK(t, wait_until_waiting(&sender, 1, 0), "it does not wait");
    CHECK(t, !holds || (try_receive(&receiver, &number) == OK && number == 0), "%u", number);
    if (holds)
        party_kill_late(t, &victim);
    CHECK(t, try_receive(&receiver, &number) == OK && number == 8, "%u", number);
    if (!holds)
        party_kill_late(t, &victim);
    CHECK(t, try_receive(&receiver, &number) == AGAIN, "%u comes again", number);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

/* A sender and a receiver with a bad address fault at once: when others wait, when there is room, and when they would have
 * to wait. The channel serves on. */
TEST(channel, bad_address_costs_who_gave_it)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party culprit, party;
    uint32_t number = 5;

    if (!chan_make(&sender, &receiver, sizeof number, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    for (unsigned round = 0; round < 3; round++) { /* with room, without, with a receiver that waits */
        if (round == 2) {
            CHECK(t, party_begin_receiving(&party, party_receives, &receiver), "no memory");
            CHECK(t, wait_until_waiting(&sender, 0, 1), "it does not wait");
        }
        CHECK(t, party_begin_sending(&culprit, party_sends_nowhere, &sender, 0), "no memory");
        party_end(&culprit);
        CHECK(t, culprit.ended == ERR_FAULT, "round %u: %s", round, status_name(culprit.ended));
        if (round == 0 && channel_holds(&sender))
            CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "it is full");
        if (round == 1 && channel_holds(&sender))
            CHECK(t, try_receive(&receiver, &number) == OK && number == 5, "%u", number);
    }
    CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "it does not serve on");
    party_end(&party);
    CHECK(t, party.heard == OK && party.number == 5, "%s, %u", status_name(party.heard), party.number);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}

TEST(channel, bad_address_of_a_receiver_loses_no_message)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party culprit, party;
    uint32_t number = 0;

    if (!chan_make(&sender, &receiver, sizeof number, 1)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_receiving(&culprit, party_receives_nowhere, &receiver), "no memory");
    party_end(&culprit);
    CHECK(t, culprit.ended == ERR_FAULT, "without a message: %s", status_name(culprit.ended));
    CHECK(t, wait_until_waiting(&sender, 0, 0), "it is in the queue");
    CHECK(t, party_begin_sending(&party, party_sends, &sender, 6), "no memory");
    if (!channel_holds(&sender))
        CHECK(t, wait_until_waiting(&sender, 1, 0), "it does not wait");
    else
        party_end(&party);
    CHECK(t, party_begin_receiving(&culprit, party_receives_nowhere, &receiver), "no memory");
    party_end(&culprit);
    CHECK(t, culprit.ended == ERR_FAULT, "with a message: %s", status_name(culprit.ended));
    CHECK(t, try_receive(&receiver, &number) == OK && number == 6, "%u", number);
    party_end(&party);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
}
