/* What the files of this cell share: a channel, and the ring of messages that it holds. */
#ifndef CHAN_ASYNC_OBJECT_H
#define CHAN_ASYNC_OBJECT_H

#include <stdint.h>

#include "chan_serve.h"
#include "channel.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"

struct ring {
    uint8_t bytes[CHAN_HELD_BYTES]; /* `most` messages */
};

struct channel_object {
    size_t bytes;  /* of a message */
    uint32_t most; /* how many it holds, bytes * most <= CHAN_HELD_BYTES */
    struct spinlock lock;
    /* lock guards: */
    struct books {
        struct chan_queue receiving, sending;
        struct chan_ends receivers, senders;
        uint32_t first, held; /* of the messages in the ring */
        struct ring *ring;
    } books;
    struct channel_object *next_late; /* see chan_async.c; guarded by its lock ... */
    uint32_t is_late;                 /* ... but atomic: whether it is in that list */
};

static inline struct books *books_of(struct channel_object *channel) REQUIRES(channel->lock);
static inline struct books *books_of(struct channel_object *channel)
{
    return &channel->books;
}

/** Moves messages of senders that wait into the ring, as many as have room. */
void channel_refill(struct channel_object *channel) REQUIRES(channel->lock);

/** The self-test (check.c). */
enum status channel_check(void);

#endif
