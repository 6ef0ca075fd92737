/*
 * Sending and receiving. A message goes straight into the memory of a receiver that waits; else into the ring; else
 * its sender waits, and who makes room moves the message into the ring and sends the sender on its way. So in the
 * ring and the queue behind it messages stand in order, and nothing has to be tried again after a wake-up.
 *
 * INV-CHAN-1, INV-CHAN-2. Each step copies first and changes the channel then: so one that faults, by a bad
 * address, leaves it as it was, and that its lock was poisoned means nothing. Addresses of those who wait
 * have been tried when they began to.
 */
#include "cell.h"
#include "nucleus/string.h"
#include "object.h"

static uint8_t *place_of(const struct channel_object *channel, const struct books *books, uint32_t number)
{
    uint32_t place = books->first + number;

    return books->ring->bytes + (place < channel->most ? place : place - channel->most) * channel->bytes;
}

static void ring_put(struct channel_object *channel, const void *message) REQUIRES(channel->lock);
static void ring_put(struct channel_object *channel, const void *message)
{
    struct books *books = books_of(channel);

    chan_copy(place_of(channel, books, books->held), message, channel->bytes);
    books->held++;
}

static void ring_take(struct channel_object *channel, void *message) REQUIRES(channel->lock);
static void ring_take(struct channel_object *channel, void *message)
{
    struct books *books = books_of(channel);

    chan_copy(message, place_of(channel, books, 0), channel->bytes);
    books->first = books->first + 1 < channel->most ? books->first + 1 : 0;
    books->held--;
}

/* Moves messages of senders that wait into the ring, as many as have room: one, or more if chan_sync had them wait. */
void channel_refill(struct channel_object *channel)
{
    struct books *books = books_of(channel);

    while (books->sending.first && books->held < channel->most) {
        ring_put(channel, chan_from(books->sending.first));
        chan_finish(&books->sending, books->sending.first, OK);
    }
}

static enum status send(struct channel_object *channel, chan_op *op) REQUIRES(channel->lock) BORROWS_MUT(*op);
static enum status send(struct channel_object *channel, chan_op *op)
{
    struct books *books = books_of(channel);
    struct list *first = books->receiving.first;

    if (first) {
        chan_copy(chan_to(first), op->from, channel->bytes);
        chan_finish(&books->receiving, first, OK);
        return OK;
    }
    if (books->receivers.count == 0)
        return books->receivers.gone;
    if (!books->sending.first && books->held < channel->most) {
        ring_put(channel, op->from);
        return OK;
    }
    return chan_wait_to_send(op, channel->bytes, &books->sending, channel);
}

static enum status receive(struct channel_object *channel, chan_op *op) REQUIRES(channel->lock)
    BORROWS_MUT(*op);
static enum status receive(struct channel_object *channel, chan_op *op)
{
    struct books *books = books_of(channel);

    channel_refill(channel);
    if (books->held > 0) {
        ring_take(channel, op->to);
        channel_refill(channel);
        return OK;
    }
    if (books->senders.count == 0)
        return books->senders.gone;
    return chan_wait_to_receive(op, channel->bytes, &books->receiving, channel);
}

/* What has become of an op that waits. */
static enum status look_again(struct channel_object *channel, chan_op *op) BORROWS_MUT(*op);
static enum status look_again(struct channel_object *channel, chan_op *op)
{
    OWN(spin_guard) guard = {0};
    enum status status = AGAIN;

    if (chan_is_over(op, &status))
        return status;
    spin_lock(&guard, &channel->lock); /* who wakes holds it until the op is over */
    (void)chan_is_over(op, &status);
    spin_unlock(&guard, &channel->lock);
    return status;
}

EXPORT enum status chan_send_step(chan_op *op, const chan_sender *sender, const void *message, size_t bytes)
{
    OWN(spin_guard) guard = {0};
    struct channel_object *channel = sender->channel;
    enum status status;

    if (op->progress != CHAN_NEW)
        return look_again(channel, op);
    if (bytes != channel->bytes)
        return ERR_INVALID;
    op->from = message;
    spin_lock(&guard, &channel->lock);
    status = send(channel, op);
    spin_unlock(&guard, &channel->lock);
    return status;
}

EXPORT enum status chan_receive_step(chan_op *op, const chan_receiver *receiver, void *message, size_t bytes)
{
    OWN(spin_guard) guard = {0};
    struct channel_object *channel = receiver->channel;
    enum status status;

    if (op->progress != CHAN_NEW)
        return look_again(channel, op);
    if (bytes != channel->bytes)
        return ERR_INVALID;
    op->to = message;
    spin_lock(&guard, &channel->lock);
    status = receive(channel, op);
    spin_unlock(&guard, &channel->lock);
    return status;
}
