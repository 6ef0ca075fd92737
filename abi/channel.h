/**
 * @file channel.h
 * Interface `channel`: messages of one size from any number of senders to any number of receivers, in order.
 * Providers: chan_async (a channel holds some messages; a sender waits when it is full) and chan_sync (a rendezvous:
 * a sender waits until a receiver has its message). One is bound at a time, and the other can take over meanwhile.
 *
 *     OWN(chan_sender) sender = {0};
 *     OWN(chan_receiver) receiver = {0};
 *
 *     if (!chan_make(&sender, &receiver, sizeof request, 16))
 *         return ERR_NOMEM;
 *     ...                                        // one end goes to another task, by a move
 *     status = chan_send(&sender, &request, sizeof request);
 *     chan_sender_drop(&sender);
 *
 * What holds, whoever is killed and whichever provider is bound:
 * - A message is delivered once, or not at all. It is delivered when it stands in the receiver's memory. A receiver that is
 *   killed after that takes it along; a sender that is killed while it waits takes back what it has not sent.
 * - Messages are delivered in the order in which their sends began to wait, or were done. A receiver that waits is served
 *   before those that come later.
 * - Who waits hears of it when the other side has gone: when the last of its ends was dropped, also by the end of its owner.
 *
 * The service keeps nothing of its clients: a channel is an object that its ends own, a wait is in its chan_op.
 */
#ifndef MITOS_CHANNEL_H
#define MITOS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "nucleus/list.h"
#include "nucleus/task.h"
#include "own.h"
#include "status.h"

#define CHAN_MESSAGE_MOST 256u /* bytes of a message */
#define CHAN_HELD_BYTES 1024u  /* of all messages that a channel can hold */

/** The right to send. One may be used by several tasks at once. */
typedef struct LINEAR("chan_sender") chan_sender {
    struct channel_object *channel; /* NULL: empty */
} chan_sender;

/** The right to receive. One may be used by several tasks at once. */
typedef struct LINEAR("chan_receiver") chan_receiver {
    struct channel_object *channel; /* NULL: empty */
} chan_receiver;

enum chan_progress { CHAN_NEW, CHAN_WAITS, CHAN_OVER /* and the status that it ends with: CHAN_OVER + OK */ };

/**
 * One send or receive: owned by the client, lives on its stack, and holds all progress, in the same form for every provider
 * (chan_serve.h). For one message after the other.
 */
typedef struct LINEAR("chan_op") chan_op {
    uint32_t progress; /* enum chan_progress; atomic */
    struct channel_object *channel; /* while it waits ... */
    struct task *task;              /* ... who does, */
    struct list link;               /* its place in the queue, */
    union {                         /* and where the message is, or shall be */
        const void *from;
        void *to;
    };
} chan_op;

/**
 * Makes a channel with one end of each sort. @p bytes: of every message, 1 .. CHAN_MESSAGE_MOST. @p held: how many messages
 * it may hold that nobody has received yet, at least 1, and bytes * held at most CHAN_HELD_BYTES; chan_sync holds none.
 * @return false: no memory, or out of range.
 */
bool chan_make(chan_sender *sender, chan_receiver *receiver, uint32_t bytes, uint32_t held)
    TRY_MAKES(*sender, *receiver);
/** Another end of the same channel. */
void chan_sender_share(chan_sender *more, const chan_sender *of) MAKES(*more) BORROWS(*of);
/** The same for receiving. */
void chan_receiver_share(chan_receiver *more, const chan_receiver *of) MAKES(*more) BORROWS(*of);
/** Gives the end back. With the last of one sort the other side hears ERR_CANCELLED; messages that the channel holds
 *  are still received. With the last of both the channel goes. */
void chan_sender_drop(chan_sender *sender) TAKES(*sender) OR_NOTHING;
/** The same for receiving. */
void chan_receiver_drop(chan_receiver *receiver) TAKES(*receiver) OR_NOTHING;
/** The same, but the other side hears ERR_FAULT when it is a fault that unwinds. */
void chan_sender_unwind(chan_sender *sender) UNCHECKED;
void chan_receiver_unwind(chan_receiver *receiver) UNCHECKED;

/**
 * Sends the message at @p message, of @p bytes. Repeat it with the same arguments after AGAIN: @p op waits in the channel's
 * queue then, its task is unparked when it is over, and the message must stay where it is.
 * @return OK: it is on its way (chan_async), or was received (chan_sync); AGAIN; ERR_INVALID: a message of this
 * channel has not @p bytes; ERR_CANCELLED: there is no receiver's end any more; ERR_FAULT: the last one went by a fault.
 */
MUST_CHECK enum status chan_send_step(chan_op *op, const chan_sender *sender, const void *message,
                                      size_t bytes) BORROWS_MUT(*op) BORROWS(*sender);
/** The same for a message that is to come to @p message. Only with OK it is there; else what is there is undefined.
 *  ERR_CANCELLED, ERR_FAULT: there is no sender's end any more, and all messages have been received. */
MUST_CHECK enum status chan_receive_step(chan_op *op, const chan_receiver *receiver, void *message,
                                         size_t bytes) BORROWS_MUT(*op) BORROWS(*receiver);
/** Takes @p op out of the queue if it still waits there. It is new again. For chan_end(). */
void chan_cancel(chan_op *op) BORROWS_MUT(*op);

/** Prepares @p op. */
static inline void chan_begin(chan_op *op) MAKES(*op);
/** Ends it, whether it is over or not: a send that still waits has sent nothing. The drop. */
static inline void chan_end(chan_op *op) TAKES(*op);
static inline void chan_op_unwind(chan_op *op) UNCHECKED;

/** Whether @p op, which has waited, is over. If so @p status says how, and it is new again. A step does this, too, but
 *  is a call; and only the step knows for sure that @p op still waits. */
static inline bool chan_is_over(chan_op *op, enum status *status) BORROWS_MUT(*op);
static inline bool chan_is_over(chan_op *op, enum status *status)
{
    uint32_t progress = __atomic_load_n(&op->progress, __ATOMIC_ACQUIRE);

    if (progress < CHAN_OVER)
        return false;
    *status = (enum status)(progress - CHAN_OVER);
    op->progress = CHAN_NEW;
    return true;
}

/** How a channel is at the moment. For people and tests. */
struct chan_figures {
    uint32_t bytes, most;        /* of each message; how many it can hold now */
    uint32_t held;               /* messages */
    uint32_t senders, receivers; /* ends */
    uint32_t sending, receiving; /* ops that wait */
};
/** Says how the channel is. */
void chan_figures(const chan_sender *sender, struct chan_figures *figures) BORROWS(*sender) OR_NOTHING;

/* Unchecked, all three: the transitions of the handle. */
static inline UNCHECKED void chan_begin(chan_op *op)
{
    op->progress = CHAN_NEW;
}

/* A plain look is enough: only the op's own task makes it new, and what is not new chan_cancel() looks at itself. So GCC
 * knows after chan_end() that there is nothing left to do. */
static inline UNCHECKED void chan_op_unwind(chan_op *op)
{
    if (op->progress != CHAN_NEW)
        chan_cancel(op);
}

static inline UNCHECKED void chan_end(chan_op *op)
{
    chan_op_unwind(op);
}

/** Sends, and waits until chan_send_step() says how it went. */
MUST_CHECK static inline enum status chan_send(const chan_sender *sender, const void *message,
                                               size_t bytes) BORROWS(*sender) REQUIRES(may_park);
static inline enum status chan_send(const chan_sender *sender, const void *message, size_t bytes)
{
    OWN(chan_op) op = {0};
    enum status status;

    chan_begin(&op);
    status = chan_send_step(&op, sender, message, bytes);
    while (status == AGAIN) {
        task_park();
        if (!chan_is_over(&op, &status))
            status = chan_send_step(&op, sender, message, bytes);
    }
    chan_end(&op);
    return status;
}

/** Receives, and waits until chan_receive_step() says how it went. */
MUST_CHECK static inline enum status chan_receive(const chan_receiver *receiver, void *message,
                                                  size_t bytes) BORROWS(*receiver) REQUIRES(may_park);
static inline enum status chan_receive(const chan_receiver *receiver, void *message, size_t bytes)
{
    OWN(chan_op) op = {0};
    enum status status;

    chan_begin(&op);
    status = chan_receive_step(&op, receiver, message, bytes);
    while (status == AGAIN) {
        task_park();
        if (!chan_is_over(&op, &status))
            status = chan_receive_step(&op, receiver, message, bytes);
    }
    chan_end(&op);
    return status;
}

#endif
