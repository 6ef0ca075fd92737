/*
 * How an op is given up. Of the cell's state this needs nothing, only the op and its channel: so it serves in
 * quarantine, too, where an op that stayed in its queue would be met there by the repaired cell, long after the
 * task had gone whose stack it was on.
 */
#include "cell.h"
#include "object.h"

EXPORT void chan_cancel(chan_op *op)
{
    OWN(spin_guard) guard = {0};
    struct channel_object *channel = op->channel;
    enum status status;

    if (chan_is_over(op, &status))
        return;
    spin_lock(&guard, &channel->lock);
    if (op->progress == CHAN_WAITS) {
        /* INV-CHAN-1: a sender and a receiver never wait at once. The op is in the queue that has any. */
        chan_remove(books_of(channel)->sending.first ? &books_of(channel)->sending
                                                                : &books_of(channel)->receiving,
                    &op->link);
    }
    op->progress = CHAN_NEW;
    spin_unlock(&guard, &channel->lock);
}
