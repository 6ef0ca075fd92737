/* What the other side hears when the last end of a side has gone, and how that came. */
#include "party.h"
#include "traffic.h"

#define HELD 4u

TEST(channel, receiver_hears_that_the_last_sender_has_gone)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_sender) second = {0};
    OWN(chan_receiver) receiver = {0};
    struct party party;
    uint32_t number;

    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    chan_sender_share(&second, &sender);
    CHECK(t, party_begin_receiving(&party, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 1), "it does not wait");
    chan_sender_drop(&sender);
    CHECK(t, wait_until_waiting(&second, 0, 1), "it hears of the last but one");
    chan_sender_drop(&second);
    party_end(&party);
    CHECK(t, party.heard == ERR_CANCELLED, "%s", status_name(party.heard));
    CHECK(t, chan_receive(&receiver, &number, sizeof number) == ERR_CANCELLED, "who comes later waits");
    chan_receiver_drop(&receiver);
}

TEST(channel, sender_hears_that_the_last_receiver_has_gone)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    OWN(chan_receiver) second = {0};
    struct party party;
    uint32_t number = 1;

    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    chan_receiver_share(&second, &receiver);
    CHECK(t, party_begin_sending(&party, party_sends_on, &sender, 0), "no memory");
    CHECK(t, wait_until_waiting(&sender, 1, 0), "it does not wait");
    chan_receiver_drop(&receiver);
    CHECK(t, wait_until_waiting(&sender, 1, 0), "it hears of the last but one");
    chan_receiver_drop(&second);
    party_end(&party);
    CHECK(t, party.heard == ERR_CANCELLED, "%s", status_name(party.heard));
    CHECK(t, chan_send(&sender, &number, sizeof number) == ERR_CANCELLED, "who comes later waits");
    chan_sender_drop(&sender);
}

TEST(channel, messages_of_senders_that_have_gone_are_received)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    uint32_t number, got = 0;

    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    for (number = 0; channel_holds(&sender) && number < HELD; number++)
        CHECK(t, chan_send(&sender, &number, sizeof number) == OK, "number %u", number);
    chan_sender_drop(&sender);
    for (uint32_t i = 0; i < number; i++)
        CHECK(t, chan_receive(&receiver, &got, sizeof got) == OK && got == i, "%u is %u", i, got);
    CHECK(t, chan_receive(&receiver, &got, sizeof got) == ERR_CANCELLED, "there is more: %u", got);
    chan_receiver_drop(&receiver);
}

TEST(channel, fault_of_the_last_sender_is_told)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party party, culprit;
    uint32_t number;

    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_receiving(&party, party_receives, &receiver), "no memory");
    CHECK(t, wait_until_waiting(&sender, 0, 1), "it does not wait");
    CHECK(t, party_begin_sending(&culprit, party_faults_sending, &sender, 0), "no memory");
    chan_sender_drop(&sender);
    __atomic_store_n(&culprit.go, 1, __ATOMIC_RELEASE);
    party_end(&culprit);
    party_end(&party);
    CHECK(t, party.heard == ERR_FAULT, "%s", status_name(party.heard));
    CHECK(t, chan_receive(&receiver, &number, sizeof number) == ERR_FAULT, "who comes later hears else");
    chan_receiver_drop(&receiver);
}

TEST(channel, fault_of_the_last_receiver_is_told)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party party, culprit;
    uint32_t number = 1;

    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_sending(&party, party_sends_on, &sender, 0), "no memory");
    CHECK(t, wait_until_waiting(&sender, 1, 0), "it does not wait");
    CHECK(t, party_begin_receiving(&culprit, party_faults_receiving, &receiver), "no memory");
    chan_receiver_drop(&receiver);
    __atomic_store_n(&culprit.go, 1, __ATOMIC_RELEASE);
    party_end(&culprit);
    party_end(&party);
    CHECK(t, party.heard == ERR_FAULT, "%s", status_name(party.heard));
    CHECK(t, chan_send(&sender, &number, sizeof number) == ERR_FAULT, "who comes later hears else");
    chan_sender_drop(&sender);
}

TEST(channel, kill_of_the_last_sender_is_told)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    struct party party, victim;
    uint32_t number;

    if (!chan_make(&sender, &receiver, sizeof number, HELD)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, party_begin_sending(&victim, party_sends_on, &sender, 0), "no memory");
    CHECK(t, wait_until_waiting(&sender, 1, 0), "it does not wait");
    chan_sender_drop(&sender);
    party_kill(t, &victim);
    CHECK(t, party_begin_receiving(&party, party_receives, &receiver), "no memory");
    party_end(&party);
    while (party.heard == OK) /* what it had sent before */
        party.heard = chan_receive(&receiver, &number, sizeof number);
    CHECK(t, party.heard == ERR_CANCELLED, "%s", status_name(party.heard));
    chan_receiver_drop(&receiver);
}

TEST(channel, channels_go_with_their_last_end)
{
    uint64_t before = channels_live();

    for (unsigned way = 0; way < 2; way++) {
        OWN(chan_sender) sender = {0};
        OWN(chan_receiver) receiver = {0};
        OWN(chan_receiver) more = {0};

        if (!chan_make(&sender, &receiver, 8, HELD)) {
            CHECK(t, false, "no memory");
            return;
        }
        chan_receiver_share(&more, &receiver);
        chan_receiver_drop(&receiver);
        CHECK(t, channels_live() == before + 1, "%lu, were %lu", channels_live(), before);
        chan_sender_drop(&sender);
        CHECK(t, channels_live() == before + 1, "%lu, were %lu", channels_live(), before);
        chan_receiver_drop(&more);
        CHECK(t, channels_live() == before, "%lu, were %lu", channels_live(), before);
    }
}
