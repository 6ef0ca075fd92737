/*
 * Mail: tasks that send numbered messages over one channel, tasks that receive them, and books in which each message is
 * entered before it is sent and struck out when it has come. What is lost, doubled or out of order stands there.
 */
#ifndef DEMO_MAIL_H
#define DEMO_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "task.h"

#define MAIL_SIDE 8u     /* senders, and receivers */
#define MAIL_OPEN 1024u  /* so many messages of a sender can be in the books at once */
#define MAIL_HELD 16u    /* so many may the channel hold */

struct mail;

struct HOLDS mail_member {
    struct mail *mail;
    unsigned number;
    chan_sender sender;     /* one of the two; its task takes it out, and drops it */
    chan_receiver receiver;
    task_handle task;       /* empty: not started; mail_end() joins it */
    uint64_t done;          /* atomic; messages that it has sent or received */
    enum status heard;      /* what its last send or receive said */
    uint32_t next[MAIL_SIDE]; /* a receiver's: the least number of each sender that may come */
};

struct mail {
    struct mail_member senders[MAIL_SIDE], receivers[MAIL_SIDE];
    uint32_t open[MAIL_SIDE][MAIL_OPEN]; /* atomic; 1 + the number of a message on its way, in place number % MAIL_OPEN */
    uint32_t stop;                       /* atomic; senders are to end */
    uint32_t doubled, disordered;        /* atomic */
};

/** What has come of it so far. */
struct mail_sum {
    uint64_t sent, received;
    uint32_t lost; /* only when all have ended; else: on their way */
    uint32_t doubled, disordered;
};

/** Starts all. @return false: no memory; then none is left. */
bool mail_begin(struct mail *mail) REQUIRES(may_park);
/** Has the senders end, and waits until everything has come and all have ended. */
void mail_end(struct mail *mail) REQUIRES(may_park);
void mail_sum(const struct mail *mail, struct mail_sum *sum);
/** Only how many have come. */
uint64_t mail_received(const struct mail *mail);

#endif
