/**
 * @file chan_serve.h
 * For providers of `channel`: what is the same in all of them, so that each can go on where another one stopped. That is
 * the queues of waiting ops, and the neutral form of a channel (evolve.h, IMAGE).
 *
 * A queue is a ring of the ops' links, and its head the address of the first. No op leads to the head: so a channel
 * goes over to another provider without a change in any memory of the clients.
 */
#ifndef MITOS_CHAN_SERVE_H
#define MITOS_CHAN_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "nucleus/hart.h"
#include "nucleus/list.h"
#include "nucleus/string.h"
#include "nucleus/task.h"
#include "own.h"
#include "status.h"

/** Ops that wait, first come first served. Guarded by the channel's lock. */
struct chan_queue {
    struct list *first; /* chan_op by link; NULL: nobody waits */
};

/** The ends of one sort. */
struct chan_ends {
    uint32_t count;
    enum status gone; /* what the other side hears when count is 0 */
};

/**
 * A channel, whoever provides it. INV-CHAN-1, but for one thing: senders may wait though the new provider has room.
 */
struct channel_image {
    uint32_t bytes, most; /* of a message; how many the client wants it to hold */
    struct chan_ends senders;
    struct chan_ends receivers;
    struct chan_queue sending;
    struct chan_queue receiving;
    const uint8_t *messages; /* a ring of `slots` messages: the old body, which stays until the swap is done */
    uint32_t slots;
    uint32_t first, held; /* the oldest message; how many there are. They come before those that wait to be sent */
};

/** Copies the messages, the oldest first, to @p to. @return false: @p room is too little for them. */
static inline bool chan_unpack(const struct channel_image *image, uint8_t *to, size_t room)
{
    if ((size_t)image->held * image->bytes > room)
        return false;
    for (uint32_t i = 0; i < image->held; i++)
        memcpy(to + (size_t)i * image->bytes,
               image->messages + (size_t)((image->first + i) % image->slots) * image->bytes, image->bytes);
    return true;
}

/** The state of a provider. */
struct channel_state_image {
    uint64_t live; /* channels */
};

/** Where the message of a sender that waits is. */
static inline const void *chan_from(const struct list *link)
{
    const chan_op *op = list_entry(link, chan_op, link);

    return op->from;
}

/** Where a receiver that waits wants its message. */
static inline void *chan_to(const struct list *link)
{
    const chan_op *op = list_entry(link, chan_op, link);

    return op->to;
}

/** How many wait. */
static inline uint32_t chan_waiting(const struct chan_queue *queue)
{
    uint32_t count = 0;
    const struct list *node = queue->first;

    if (node)
        do {
            count++;
            node = node->next;
        } while (node != queue->first);
    return count;
}

/** Puts an op last. */
static inline void chan_append(struct chan_queue *queue, struct list *link)
{
    if (queue->first) {
        list_push_back(queue->first, link);
    } else {
        list_init(link);
        queue->first = link;
    }
}

/** Takes an op out. Its link is not used again before it is put in anew. */
static inline void chan_remove(struct chan_queue *queue, struct list *link)
{
    if (link->next == link) {
        queue->first = NULL;
        return;
    }
    if (queue->first == link)
        queue->first = link->next;
    list_unlink(link);
}

/** Has @p op, of the running task, wait for @p channel. @return AGAIN */
static inline enum status chan_wait(chan_op *op, struct chan_queue *queue, struct channel_object *channel)
    BORROWS_MUT(*op);
static inline enum status chan_wait(chan_op *op, struct chan_queue *queue, struct channel_object *channel)
{
    op->channel = channel;
    op->task = task_current();
    chan_append(queue, &op->link);
    op->progress = CHAN_WAITS;
    return AGAIN;
}

/**
 * The same for op->from with @p bytes. Others will copy that: so a bad address faults here already, in the step of who
 * gave it, and before anything has changed.
 */
static inline enum status chan_wait_to_send(chan_op *op, size_t bytes, struct chan_queue *queue,
                                            struct channel_object *channel) BORROWS_MUT(*op);
static inline enum status chan_wait_to_send(chan_op *op, size_t bytes, struct chan_queue *queue,
                                            struct channel_object *channel)
{
    const volatile uint8_t *at = op->from;

    (void)at[0];
    (void)at[bytes - 1];
    return chan_wait(op, queue, channel);
}

/** The same for op->to. */
static inline enum status chan_wait_to_receive(chan_op *op, size_t bytes, struct chan_queue *queue,
                                               struct channel_object *channel) BORROWS_MUT(*op);
static inline enum status chan_wait_to_receive(chan_op *op, size_t bytes, struct chan_queue *queue,
                                               struct channel_object *channel)
{
    volatile uint8_t *at = op->to;

    at[0] = 0;
    at[bytes - 1] = 0;
    return chan_wait(op, queue, channel);
}

/** INV-CHAN-2: says that the op at @p link is over. With the last store its memory is the client's alone. */
static inline void chan_finish(struct chan_queue *queue, struct list *link, enum status end)
{
    chan_op *op = list_entry(link, chan_op, link);

    task_unpark(op->task); /* first: who is cut short here shall have lost nobody */
    chan_remove(queue, link);
    __atomic_store_n(&op->progress, CHAN_OVER + (uint32_t)end, __ATOMIC_RELEASE);
}

/** The same of all that wait. */
static inline void chan_finish_all(struct chan_queue *queue, enum status end)
{
    while (queue->first)
        chan_finish(queue, queue->first, end);
}

/** Copies a message. One of a byte is a token, and frequent. */
static inline void chan_copy(void *to, const void *from, size_t bytes)
{
    if (bytes == 1)
        *(uint8_t *)to = *(const uint8_t *)from;
    else
        memcpy(to, from, bytes);
}

#endif
