/*
 * Queues: a ring (ring.h) on a frame that the device knows, and its notifications. MMIO, virtio 1.2, section 4.2.3.2.
 */
#include "cell.h"
#include "nucleus/fence.h"
#include "nucleus/frame.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "registers.h"
#include "virtio_cell.h"

/** Whether the device was not reset since the queue was made. */
static bool is_live(const struct virtio_ring *ring)
{
    return __atomic_load_n(&ring->slot->resets, __ATOMIC_ACQUIRE) == ring->resets;
}

/** OK, or why the queue is of no use. */
static enum status ring_status(const struct virtio_ring *ring)
{
    if (!is_live(ring))
        return ERR_CANCELLED;
    return __atomic_load_n(&ring->slot->failed, __ATOMIC_RELAXED) ? ERR_IO : OK;
}

/** Tells the device in @p slot of its queue @p ring, whose page is zeroed. */
static enum status queue_announce(struct virtio_slot *slot, struct virtio_ring *ring,
                                  struct ring_page *page) REQUIRES(slot->lock);
static enum status queue_announce(struct virtio_slot *slot, struct virtio_ring *ring,
                                  struct ring_page *page)
{
    volatile uint32_t *registers = registers_locked(slot);
    uint32_t size = RING_MOST, most;

    registers[QUEUE_SELECT] = ring->index;
    if (registers[QUEUE_READY] != 0)
        return ERR_EXISTS;
    most = registers[QUEUE_SIZE_MOST];
    if (most == 0)
        return ERR_NOT_FOUND;
    while (size > most)
        size /= 2;
    ring_init(&ring->ring, page, size);
    ring->resets = __atomic_load_n(&slot->resets, __ATOMIC_RELAXED);
    registers[QUEUE_SIZE] = size;
    address_write(registers, QUEUE_DESCRIPTORS, pointer_to_physical(page->descriptors));
    address_write(registers, QUEUE_AVAILABLE, pointer_to_physical(&page->available));
    address_write(registers, QUEUE_USED, pointer_to_physical(&page->used));
    fence_device();
    registers[QUEUE_READY] = 1;
    return OK;
}

static enum status queue_announce_alone(struct virtio_ring *ring, struct ring_page *page)
{
    OWN(spin_guard) guard = {0};
    struct virtio_slot *slot = ring->slot;
    enum status status;

    spin_lock(&guard, &slot->lock);
    status = queue_announce(slot, ring, page);
    spin_unlock(&guard, &slot->lock);
    return status;
}

/** Fills in @p ring, of which slot and index are set. Its page then is the ring's. */
static enum status ring_make(struct virtio_ring *ring)
{
    OWN(frames) page = {0};
    enum status status;

    if (!frames_alloc(&page, 0, FRAME_OTHER))
        return ERR_NOMEM;
    memset(page.base, 0, PAGE_BYTES);
    status = queue_announce_alone(ring, page.base);
    if (status == OK)
        (void)frames_leak(&page);
    else
        frames_drop(&page);
    return status;
}

/* Unchecked: makes the handle. */
EXPORT bool virtio_queue_make(virtio_queue *queue, const virtio_device *device, unsigned index,
                              enum status *status) UNCHECKED
{
    struct virtio_ring *ring = heap_alloc(virtio_state()->rings_kind);

    *status = ERR_NOMEM;
    if (!ring)
        return false;
    ring->slot = device->slot;
    ring->index = index;
    *status = ring_make(ring);
    if (*status == OK)
        queue->ring = ring;
    else
        heap_free(virtio_state()->rings_kind, ring);
    return *status == OK;
}

EXPORT unsigned virtio_queue_size(const virtio_queue *queue)
{
    return queue->ring->ring.size;
}

/** Takes the ring out of the device's hands. @return false: it does not let go. */
static bool ring_withdraw(struct virtio_ring *ring)
{
    OWN(spin_guard) guard = {0};
    struct virtio_slot *slot = ring->slot;
    bool stuck;

    spin_lock(&guard, &slot->lock);
    if (is_live(ring))
        (void)slot_reset(slot);
    stuck = slot_is_stuck(slot);
    spin_unlock(&guard, &slot->lock);
    return !stuck;
}

static void ring_free(struct virtio_ring *ring)
{
    OWN(frames) page = {0};
    bool withdrawn = ring_withdraw(ring);

    frames_adopt(&page, ring->ring.page);
    if (withdrawn)
        frames_drop(&page);
    else
        (void)frames_leak(&page); /* slot_reset() has said so */
    heap_free(virtio_state()->rings_kind, ring);
}

/* Unchecked: the drop of the handle. */
EXPORT void virtio_queue_drop(virtio_queue *queue) UNCHECKED
{
    struct virtio_ring *ring = queue->ring;

    queue->ring = NULL;
    ring_free(ring);
}

EXPORT void virtio_queue_unwind(virtio_queue *queue)
{
    if (queue->ring)
        virtio_queue_drop(queue);
}

EXPORT enum status virtio_put(virtio_queue *queue, const struct virtio_part *parts, unsigned count,
                              uint64_t token)
{
    enum status status = ring_status(queue->ring);

    return status == OK ? ring_put(&queue->ring->ring, parts, count, token) : status;
}

/* 2.7.13.4.1: the look at the device's wish comes after the index that it is told of. */
EXPORT void virtio_notify(virtio_queue *queue)
{
    const struct virtio_ring *ring = queue->ring;

    fence_device();
    if (is_live(ring) && ring_is_to_notify(&ring->ring))
        ring->slot->registers[QUEUE_NOTIFY] = ring->index;
}

EXPORT enum status virtio_take(virtio_queue *queue, uint64_t *token, uint32_t *bytes)
{
    struct virtio_ring *ring = queue->ring;
    enum status status = ring_status(ring);
    bool broken = ring->ring.broken;

    if (status != OK)
        return status;
    status = ring_take(&ring->ring, token, bytes);
    if (status == ERR_IO && !broken)
        log_write("virtio: the device with id %u at 0x%lx returned what it was not given in queue "
                  "%u: the queue is not used any more",
                  ring->slot->device_id, ring->slot->base, ring->index);
    return status;
}
