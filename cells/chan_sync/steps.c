/*
 * Sending and receiving: a rendezvous. Who comes second copies the message, straight from the memory of the one into that
 * of the other, and sends the first on its way. What another provider has held when this one took over is received first.
 *
 * INV-CHAN-1, INV-CHAN-2. Each step copies first and changes the channel then: so one that faults, by a bad
 * address, leaves it as it was, and that its lock was poisoned means nothing. Addresses of those who wait
 * have been tried when they began to.
 */
#include "cell.h"
#include "nucleus/string.h"
#include "object.h"

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
    return chan_wait_to_send(op, channel->bytes, &books->sending, channel);
}

static void take_left(struct channel_object *channel, void *message) REQUIRES(channel->lock);
static void take_left(struct channel_object *channel, void *message)
{
    struct books *books = books_of(channel);

    chan_copy(message, books->backlog->bytes + books->taken * channel->bytes, channel->bytes);
    books->taken++;
    books->left--;
}

static enum status receive(struct channel_object *channel, chan_op *op) REQUIRES(channel->lock)
    BORROWS_MUT(*op);
static enum status receive(struct channel_object *channel, chan_op *op)
{
    struct books *books = books_of(channel);
    struct list *first = books->sending.first;

    if (books->left > 0) {
        take_left(channel, op->to);
        return OK;
    }
    if (first) {
        chan_copy(op->to, chan_from(first), channel->bytes);
        chan_finish(&books->sending, first, OK);
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
