/**
 * @file virtio.h
 * Interface `virtio`: devices of the Virtual I/O Device specification 1.2 (virtio). Provider: virtio (MMIO
 * transport, split virtqueues).
 *
 * A driver opens a device, makes its queues, begins, and from then on puts chains of memory into queues and takes
 * them out again when the device has used them:
 *
 *     if (!virtio_open(&device, DEVICE_ID, 0, FEATURES, &status) ||
 *         !virtio_queue_make(&queue, &device, 0, &status))
 *         return status;
 *     status = virtio_begin(&device);
 *     ...
 *     status = virtio_put(&queue, parts, 2, token);
 *     virtio_notify(&queue);
 *     while ((status = virtio_take(&queue, &token, &bytes)) == AGAIN)
 *         ... virtio_enter(&op, &device), look once more, park (wait_op, task.h)
 *
 * The memory of a chain is the driver's and must stay until the chain was taken out, or the device or any queue of
 * it was dropped: both drops reset the device, as it cannot be made to give back one chain. So what a driver that
 * faults owns must be declared before (or live longer than) its device and queues. None of these sleeps.
 *
 * What a device writes is checked before it is used. A queue in which it wrote nonsense is broken: ERR_IO from
 * then on, until the device is opened anew.
 */
#ifndef MITOS_VIRTIO_H
#define MITOS_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "nucleus/address.h"
#include "own.h"
#include "status.h"
#include "task.h"

/** Device ids (section 5). */
#define VIRTIO_ID_CONSOLE 3u
#define VIRTIO_ID_ENTROPY 4u
#define VIRTIO_ID_9P 9u

/** A device of one's own. */
typedef struct LINEAR("virtio_device") virtio_device {
    struct virtio_slot *slot;
} virtio_device;
/** One of its queues. One caller at a time: who shares it has a lock for it. */
typedef struct LINEAR("virtio_queue") virtio_queue {
    struct virtio_ring *ring;
} virtio_queue;

/** A piece of memory that goes with others into a chain. */
struct virtio_part {
    paddr address;
    uint32_t bytes;     /* not 0 */
    bool device_writes; /* else it reads; what it reads comes first in a chain */
};

/**
 * Takes the device number @p nth (from 0, in the order of the device tree) of those with id @p id, resets it, and agrees on
 * what it offers of @p wanted (bits of section 6 and of the device; VIRTIO_F_VERSION_1 is added, and needed).
 * @return false, and @p status says ERR_NOT_FOUND: no such modern device; ERR_BUSY: taken, or its interrupt is;
 * ERR_UNSUPPORTED: it does not agree; ERR_IO: it does not answer to a reset.
 */
bool virtio_open(virtio_device *device, uint32_t id, unsigned nth, uint64_t wanted,
                 enum status *status) TRY_MAKES(*device);
/** What was agreed on. */
uint64_t virtio_features(const virtio_device *device) BORROWS(*device);
/** A field of the device's configuration, of @p width 1, 2, 4 or 8 bytes. @return ERR_INVALID width, or outside of it;
 *  ERR_IO it changes all the time. */
MUST_CHECK enum status virtio_config(const virtio_device *device, uint32_t offset, unsigned width,
                                     uint64_t *value) BORROWS(*device);
/** Resets the device, and lets others take it. Wakes who waits; queues that are left say ERR_CANCELLED. */
void virtio_close(virtio_device *device) TAKES(*device) OR_NOTHING;
void virtio_device_unwind(virtio_device *device) UNCHECKED;

/**
 * Makes queue number @p index of the device, before virtio_begin().
 * @return false, and @p status says ERR_NOT_FOUND: it has no such queue; ERR_EXISTS: it was made; ERR_NOMEM.
 */
bool virtio_queue_make(virtio_queue *queue, const virtio_device *device, unsigned index,
                       enum status *status) TRY_MAKES(*queue) BORROWS(*device);
/** How many parts it holds at most. */
unsigned virtio_queue_size(const virtio_queue *queue) BORROWS(*queue);
/** Gives the queue's memory back. Resets the device, unless that was closed before. */
void virtio_queue_drop(virtio_queue *queue) TAKES(*queue) OR_NOTHING;
void virtio_queue_unwind(virtio_queue *queue) UNCHECKED;

/** All queues are made: the device may use them. @return ERR_IO it failed. */
MUST_CHECK enum status virtio_begin(const virtio_device *device) BORROWS(*device);

/**
 * Puts a chain of @p count parts into the queue. The device need not see it before virtio_notify().
 * @p token comes back with the chain.
 * @return OK; AGAIN: no room, take something out first; ERR_INVALID: no parts, an empty one, or more than the queue ever
 * holds, one to be read behind one to be written, or 4 GiB and more to be written; ERR_IO; ERR_CANCELLED: the device was
 * reset.
 */
MUST_CHECK enum status virtio_put(virtio_queue *queue, const struct virtio_part *parts,
                                  unsigned count, uint64_t token) BORROWS_MUT(*queue);
/** Tells the device, if it wants to know, that there is something in the queue. */
void virtio_notify(virtio_queue *queue) BORROWS_MUT(*queue) OR_NOTHING;
/** Takes a used chain out: its token, and how many @p bytes the device wrote, no more than there was room for.
 *  @return OK; AGAIN: none; ERR_IO; ERR_CANCELLED. */
MUST_CHECK enum status virtio_take(virtio_queue *queue, uint64_t *token, uint32_t *bytes)
    BORROWS_MUT(*queue);
/** wait_enter() for the device's interrupt: something was used in some queue, or its configuration has changed. */
MUST_CHECK enum status virtio_enter(wait_op *op, const virtio_device *device) BORROWS_MUT(*op)
    BORROWS(*device);

#endif
