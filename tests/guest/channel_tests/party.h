/* A task with an end of a channel of its own, and what it heard. Messages are numbers of 32 bits. */
#ifndef CHANNEL_TESTS_PARTY_H
#define CHANNEL_TESTS_PARTY_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "task.h"
#include "test.h"

struct HOLDS party {
    chan_sender sender; /* one of the two; party_end() drops it, unless its task did */
    chan_receiver receiver;
    task_handle task; /* party_end() joins it */
    enum status heard; /* AGAIN: nothing */
    enum status ended; /* how the task did */
    uint32_t number;
    uint32_t go; /* atomic: those that fault wait for it */
};

/** Entries of its task: receive one; send party->number; the same until it hears of an end; fault while it has its end, as soon as party->go
 *  is set. */
int party_receives(void *party);
int party_sends(void *party);
int party_sends_on(void *party);
/** The same, but the message is where no memory is. */
int party_receives_nowhere(void *party);
int party_sends_nowhere(void *party);
int party_faults_receiving(void *party);
int party_faults_sending(void *party);

/** Starts a task that is to send @p number, with an end of its own. @return false: no memory. */
bool party_begin_sending(struct party *party, int (*entry)(void *), const chan_sender *sender, uint32_t number)
    BORROWS(*sender);
/** The same of one that is to receive. */
bool party_begin_receiving(struct party *party, int (*entry)(void *), const chan_receiver *receiver)
    BORROWS(*receiver);
/** Waits for it. */
void party_end(struct party *party) REQUIRES(may_park);
/** Kills it, and waits for it. */
void party_kill(struct test_run *t, struct party *party) REQUIRES(may_park);
/** The same, but it may have ended meanwhile. */
void party_kill_late(struct test_run *t, struct party *party) REQUIRES(may_park);

#endif
