/* Tasks with an end each (party.h). */
#include "party.h"

#define NOWHERE ((void *)0x123456780) /* never mapped */

/* Unchecked, both: the end moves from the party to its task. */
static void take_sender(chan_sender *to, struct party *from) MAKES(*to);
static UNCHECKED void take_sender(chan_sender *to, struct party *from)
{
    *to = from->sender;
    from->sender = (chan_sender){0};
}

static void take_receiver(chan_receiver *to, struct party *from) MAKES(*to);
static UNCHECKED void take_receiver(chan_receiver *to, struct party *from)
{
    *to = from->receiver;
    from->receiver = (chan_receiver){0};
}

int party_receives(void *argument)
{
    OWN(chan_receiver) receiver = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_receiver(&receiver, self);
    self->heard = chan_receive(&receiver, &self->number, sizeof self->number);
    chan_receiver_drop(&receiver);
    return 0;
}

int party_sends(void *argument)
{
    OWN(chan_sender) sender = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_sender(&sender, self);
    self->heard = chan_send(&sender, &self->number, sizeof self->number);
    chan_sender_drop(&sender);
    return 0;
}

int party_sends_on(void *argument)
{
    OWN(chan_sender) sender = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_sender(&sender, self);
    while ((self->heard = chan_send(&sender, &self->number, sizeof self->number)) == OK)
        continue;
    chan_sender_drop(&sender);
    return 0;
}

int party_faults_sending(void *argument)
{
    OWN(chan_sender) sender = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_sender(&sender, self);
    while (!__atomic_load_n(&self->go, __ATOMIC_ACQUIRE))
        task_yield();
    self->number = *(volatile uint32_t *)NOWHERE;
    chan_sender_drop(&sender);
    return 0;
}

int party_faults_receiving(void *argument)
{
    OWN(chan_receiver) receiver = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_receiver(&receiver, self);
    while (!__atomic_load_n(&self->go, __ATOMIC_ACQUIRE))
        task_yield();
    self->number = *(volatile uint32_t *)NOWHERE;
    chan_receiver_drop(&receiver);
    return 0;
}

int party_receives_nowhere(void *argument)
{
    OWN(chan_receiver) receiver = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_receiver(&receiver, self);
    self->heard = chan_receive(&receiver, NOWHERE, sizeof self->number);
    chan_receiver_drop(&receiver);
    return 0;
}

int party_sends_nowhere(void *argument)
{
    OWN(chan_sender) sender = {0};
    struct party *self = argument;

    role_assert_may_park();
    take_sender(&sender, self);
    self->heard = chan_send(&sender, NOWHERE, sizeof self->number);
    chan_sender_drop(&sender);
    return 0;
}

/* Unchecked, what follows: ends and task stay in the party. */
UNCHECKED bool party_begin_sending(struct party *party, int (*entry)(void *), const chan_sender *sender,
                                   uint32_t number)
{
    *party = (struct party){.heard = AGAIN, .number = number};
    chan_sender_share(&party->sender, sender);
    return task_spawn(&party->task, "party", entry, party);
}

UNCHECKED bool party_begin_receiving(struct party *party, int (*entry)(void *), const chan_receiver *receiver)
{
    *party = (struct party){.heard = AGAIN};
    chan_receiver_share(&party->receiver, receiver);
    return task_spawn(&party->task, "party", entry, party);
}

UNCHECKED void party_end(struct party *party)
{
    if (party->task.task)
        party->ended = task_join(&party->task, NULL);
    chan_sender_unwind(&party->sender);
    chan_receiver_unwind(&party->receiver);
}

static void kill_party(struct test_run *t, struct party *party, bool late) REQUIRES(may_park);
static UNCHECKED void kill_party(struct test_run *t, struct party *party, bool late)
{
    enum status status = task_kill(party->task.task->number);

    CHECK(t, status == OK || (late && status == ERR_NOT_FOUND), "%s", status_name(status));
    party_end(party);
    CHECK(t, party->ended == ERR_CANCELLED || (late && party->ended == OK), "%s", status_name(party->ended));
}

void party_kill(struct test_run *t, struct party *party)
{
    kill_party(t, party, false);
}

void party_kill_late(struct test_run *t, struct party *party)
{
    kill_party(t, party, true);
}
