/*
 * Channels as meeting places: how they come and go, and go over to and from another provider. Sending and receiving:
 * steps.c.
 */
#include "cell.h"
#include "evolve.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "object.h"

KIND(backlog, "channel backlog", struct backlog);
KIND(channel, "channel", struct channel_object, .room = 64, .body = &kind_backlog);

struct chan_sync_state {
    struct kind *channels, *backlogs;
    uint64_t live; /* channels; atomic */
};
CELL_STATE(struct chan_sync_state);

static struct channel_object *object_make(uint32_t bytes, uint32_t held)
{
    struct channel_object *channel = heap_alloc(state.channels);

    if (!channel)
        return NULL;
    memset(channel, 0, sizeof *channel);
    channel->bytes = bytes;
    channel->most = held;
    channel->books.senders.count = channel->books.receivers.count = 1;
    __atomic_fetch_add(&state.live, 1, __ATOMIC_RELAXED);
    return channel;
}

static void object_end(struct channel_object *channel)
{
    heap_free(state.backlogs, channel->books.backlog);
    heap_free(state.channels, channel);
    __atomic_fetch_sub(&state.live, 1, __ATOMIC_RELAXED);
}

/* Unchecked: makes the handles. */
EXPORT bool chan_make(chan_sender *sender, chan_receiver *receiver, uint32_t bytes, uint32_t held) UNCHECKED
{
    struct channel_object *channel;

    if (bytes == 0 || bytes > CHAN_MESSAGE_MOST || held == 0 || held > CHAN_HELD_BYTES / bytes)
        return false;
    channel = object_make(bytes, held);
    sender->channel = channel;
    receiver->channel = channel;
    return channel;
}

static void add_end(struct channel_object *channel, bool sends)
{
    OWN(spin_guard) guard = {0};
    struct books *books;

    spin_lock(&guard, &channel->lock);
    books = books_of(channel);
    (sends ? &books->senders : &books->receivers)->count++;
    spin_unlock(&guard, &channel->lock);
}

/* The last end of its sort tells the other side, and who still waits by an end that is no more. */
static void remove_end(struct channel_object *channel, bool sends, enum status gone)
{
    OWN(spin_guard) guard = {0};
    struct books *books;
    struct chan_ends *ends;
    bool last;

    spin_lock(&guard, &channel->lock);
    books = books_of(channel);
    ends = sends ? &books->senders : &books->receivers;
    if (--ends->count == 0) {
        ends->gone = gone;
        chan_finish_all(sends ? &books->receiving : &books->sending, gone);
        chan_finish_all(sends ? &books->sending : &books->receiving, ERR_CANCELLED);
    }
    last = books->senders.count == 0 && books->receivers.count == 0;
    spin_unlock(&guard, &channel->lock);
    if (last)
        object_end(channel);
}

/* What the other side hears of an end that the unwinder drops. */
static enum status unwound(void)
{
    enum status why = (enum status)task_current()->unwinding;

    return why == ERR_FAULT || why == ERR_TIMEOUT ? ERR_FAULT : ERR_CANCELLED;
}

/* Unchecked, all: the transitions of the handles. */
EXPORT void chan_sender_share(chan_sender *more, const chan_sender *of) UNCHECKED
{
    add_end(of->channel, true);
    more->channel = of->channel;
}

EXPORT void chan_receiver_share(chan_receiver *more, const chan_receiver *of) UNCHECKED
{
    add_end(of->channel, false);
    more->channel = of->channel;
}

EXPORT void chan_sender_drop(chan_sender *sender) UNCHECKED
{
    remove_end(sender->channel, true, ERR_CANCELLED);
    sender->channel = NULL;
}

EXPORT void chan_receiver_drop(chan_receiver *receiver) UNCHECKED
{
    remove_end(receiver->channel, false, ERR_CANCELLED);
    receiver->channel = NULL;
}

EXPORT void chan_sender_unwind(chan_sender *sender)
{
    if (sender->channel)
        remove_end(sender->channel, true, unwound());
    sender->channel = NULL;
}

EXPORT void chan_receiver_unwind(chan_receiver *receiver)
{
    if (receiver->channel)
        remove_end(receiver->channel, false, unwound());
    receiver->channel = NULL;
}

EXPORT void chan_figures(const chan_sender *sender, struct chan_figures *figures)
{
    OWN(spin_guard) guard = {0};
    struct channel_object *channel = sender->channel;
    const struct books *books;

    spin_lock(&guard, &channel->lock);
    books = books_of(channel);
    *figures = (struct chan_figures){.bytes = (uint32_t)channel->bytes,
                                     .most = 0,
                                     .held = books->left,
                                     .senders = books->senders.count,
                                     .receivers = books->receivers.count,
                                     .sending = chan_waiting(&books->sending),
                                     .receiving = chan_waiting(&books->receiving)};
    spin_unlock(&guard, &channel->lock);
}

/* Unchecked, what follows: all harts stand still, and the lock is free, as nobody is within the old provider. */
static UNCHECKED enum status freeze(const void *from, void *to, void *body)
{
    const struct channel_object *channel = from;
    const struct books *books = &channel->books;

    (void)body;
    *(struct channel_image *)to = (struct channel_image){.bytes = (uint32_t)channel->bytes,
                                                         .most = channel->most,
                                                         .senders = books->senders,
                                                         .receivers = books->receivers,
                                                         .sending = books->sending,
                                                         .receiving = books->receiving,
                                                         .messages = books->backlog ? books->backlog->bytes : NULL,
                                                         .slots = books->taken + books->left,
                                                         .first = books->taken,
                                                         .held = books->left};
    return OK;
}

static UNCHECKED enum status thaw(const void *from, void *to, void *body)
{
    const struct channel_image *image = from;
    struct channel_object *channel = to;
    struct backlog *backlog = body;

    if (!chan_unpack(image, backlog->bytes, sizeof backlog->bytes))
        return ERR_NOMEM;
    memset(channel, 0, sizeof *channel);
    channel->bytes = image->bytes;
    channel->most = image->most;
    channel->books.senders = image->senders;
    channel->books.receivers = image->receivers;
    channel->books.sending = image->sending;
    channel->books.receiving = image->receiving;
    channel->books.backlog = backlog;
    channel->books.left = image->held;
    return OK;
}
IMAGE(channel, struct channel_image, thaw, freeze);

static enum status freeze_state(const void *from, void *to, void *body)
{
    (void)body;
    ((struct channel_state_image *)to)->live = ((const struct chan_sync_state *)from)->live;
    return OK;
}

static enum status thaw_state(const void *from, void *to, void *body)
{
    struct chan_sync_state *self = to;

    (void)body;
    self->channels = kind_find(&kind_channel);
    self->backlogs = kind_find(&kind_backlog);
    self->live = ((const struct channel_state_image *)from)->live;
    return self->channels && self->backlogs ? OK : ERR_NOT_FOUND;
}
IMAGE_STATE(struct channel_state_image, thaw_state, freeze_state);

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* what there is stays */
    if (kind_create(&state.backlogs, &kind_backlog) != OK)
        return ERR_NOMEM;
    return kind_create(&state.channels, &kind_channel);
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return __atomic_load_n(&state.live, __ATOMIC_RELAXED) ? ERR_BUSY : OK;
}

CELL(.name = "chan_sync", .version = "1.0",
     .summary = "Channels as meeting places: a sender waits until its message is received",
     .provides = "channel", .init = init, .stop = stop,
     .check = channel_check);
