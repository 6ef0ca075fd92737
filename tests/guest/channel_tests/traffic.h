/* Traffic over one channel: tasks that send numbered messages, tasks that receive them, and the books of both. */
#ifndef CHANNEL_TESTS_TRAFFIC_H
#define CHANNEL_TESTS_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "task.h"
#include "test.h"

#define SIDE_MOST 8u
#define MESSAGES_MOST 2000u /* of one sender */
#define MARK 0x5ca1ab1eu

struct message {
    uint32_t mark; /* MARK, in which no byte is 0; a receiver that has no message has 0 in the first and in the last byte */
    uint32_t sender, number;
    uint32_t again; /* the same */
};

struct traffic;

struct HOLDS member {
    struct traffic *all;
    uint32_t number;
    chan_sender sender;     /* of its task, which takes it out first of all; traffic_end() drops what is left */
    chan_receiver receiver; /* the same */
    task_handle task;       /* traffic_end() joins it */
    uint32_t done;          /* atomic: messages that it knows to be sent, or has received */
    enum status end;        /* what its last send or receive said */
    struct message message; /* the one that it is at: not on its stack, so that what was delivered last is found */
    uint32_t next[SIDE_MOST]; /* receivers: the least number of each sender that may come now */
};

struct traffic {
    struct member senders[SIDE_MOST], receivers[SIDE_MOST];
    unsigned sending, receiving; /* how many of each */
    uint32_t messages;           /* each sender's, then it ends */
    bool slow;                   /* receivers sleep a little after each 16 messages */
    uint32_t wrong;              /* atomic: messages that are none, or came out of order */
    uint32_t seen[SIDE_MOST][MESSAGES_MOST]; /* atomic: how often each was received */
};

/** The one of this cell, all zero. There is one test at a time. */
struct traffic *traffic_new(void);
/** Starts the tasks, @p messages for each sender, over a new channel that may hold @p held. The caller has no end of
 *  it. @return false: no memory. */
bool traffic_begin(struct traffic *traffic, uint32_t held);
/** Kills @p who, unless it has ended, and waits for its end. @return whether it was killed. */
bool traffic_kill(struct member *who) REQUIRES(may_park);
/** Waits for all tasks. */
void traffic_end(struct traffic *traffic) REQUIRES(may_park);
/** Says what is wrong unless of messages of @p sender those below @p upto were received, each once. */
void traffic_check(struct test_run *t, const struct traffic *traffic, unsigned sender, uint32_t upto);
/** Counts what a receiver that was killed had been given last, unless it did so itself. */
void traffic_count_last(struct member *receiver);

/** How many objects there are of all kinds of that name; how many channels. */
uint64_t objects_live(const char *name);
uint64_t channels_live(void);
/** Whether the provider that is bound holds messages. */
bool channel_holds(const chan_sender *sender) BORROWS(*sender);
/** Waits until so many ops wait to send and to receive. @return false: it takes too long. */
bool wait_until_waiting(const chan_sender *sender, uint32_t sending, uint32_t receiving) BORROWS(*sender)
    REQUIRES(may_park);

#endif
