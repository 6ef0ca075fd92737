/* What the files of this cell share: a channel, and the messages that an earlier provider left in it. */
#ifndef CHAN_SYNC_OBJECT_H
#define CHAN_SYNC_OBJECT_H

#include <stdint.h>

#include "chan_serve.h"
#include "channel.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"

struct backlog {
    uint8_t bytes[CHAN_HELD_BYTES]; /* messages, the oldest first */
};

struct channel_object {
    size_t bytes;  /* of a message */
    uint32_t most; /* how many another provider may hold */
    struct spinlock lock;
    /* lock guards: */
    struct books {
        struct chan_queue receiving, sending;
        struct chan_ends receivers, senders;
        uint32_t taken, left;    /* messages of the backlog. They come before those of senders that wait */
        struct backlog *backlog; /* NULL, or there was one: it goes with the channel */
    } books;
};

static inline struct books *books_of(struct channel_object *channel) REQUIRES(channel->lock);
static inline struct books *books_of(struct channel_object *channel)
{
    return &channel->books;
}

/** The self-test (check.c). */
enum status channel_check(void);

#endif
