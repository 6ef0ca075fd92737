/*
 * A split virtqueue (virtio 1.2, section 2.7): what the driver and the device write, and the driver's own books.
 *
 * The page is shared with the device, and nothing that is read from it is believed: which descriptors are in use, how
 * they are linked, and how much may be written to them, is in the books. One caller at a time. Pure, so that the host
 * tests it.
 */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/address.h"
#include "status.h"
#include "virtio.h"

#define RING_MOST 128u /* descriptors; as many as a page has room for. A power of two */

struct ring_descriptor { /* 2.7.5 */
    uint64_t address;
    uint32_t bytes;
    uint16_t flags;
    uint16_t next;
};
#define DESCRIPTOR_NEXT 1u
#define DESCRIPTOR_WRITE 2u

/** The three parts, each as long as the largest ring needs it: a smaller one uses the begin of each. */
struct ring_page {
    struct ring_descriptor descriptors[RING_MOST]; /* the driver writes them */
    struct {                                       /* it writes these, too; 2.7.6 */
        uint16_t flags;
        uint16_t index; /* of the next entry; counts for ever, and wraps at 2^16 */
        uint16_t heads[RING_MOST];
        uint16_t used_event; /* unused: VIRTIO_F_EVENT_IDX is not agreed on */
    } available;
    struct { /* the device writes these; 2.7.8 */
        uint16_t flags;
        uint16_t index;
        struct {
            uint32_t head;
            uint32_t bytes;
        } chains[RING_MOST];
    } used __attribute__((aligned(4)));
};
_Static_assert(sizeof(struct ring_page) <= PAGE_BYTES, "a ring of RING_MOST fits into a page");
#define USED_NO_NOTIFY 1u

struct ring {
    struct ring_page *page;
    uint16_t size; /* descriptors, a power of two */
    uint16_t free; /* how many are in no chain; free_first leads to them */
    uint16_t free_first;
    uint16_t chains;          /* how many the device has */
    uint16_t available;       /* available.index: how many chains were put so far */
    uint16_t used;            /* how many were taken */
    bool broken;              /* the device wrote nonsense */
    uint16_t next[RING_MOST]; /* in its chain, or of the free ones */
    struct {
        uint16_t parts; /* 0: no chain that the device has begins here */
        uint32_t writable;
        uint64_t token;
    } heads[RING_MOST];
};

/** An empty ring of @p size descriptors on @p page, which is zeroed. */
static inline void ring_init(struct ring *ring, struct ring_page *page, unsigned size)
{
    ring->page = page;
    ring->size = (uint16_t)size;
    ring->free = (uint16_t)size;
    ring->free_first = ring->chains = ring->available = ring->used = 0;
    ring->broken = false;
    for (unsigned i = 0; i < size; i++) {
        ring->next[i] = (uint16_t)((i + 1) % size);
        ring->heads[i].parts = 0;
    }
}

/** What the device may write to the parts; readable ones stand first (2.7.4.2). @return false: they are none that a
 *  ring may hold. */
static inline bool parts_are_good(const struct virtio_part *parts, unsigned count,
                                  uint64_t *writable)
{
    *writable = 0;
    for (unsigned i = 0; i < count; i++) {
        if (parts[i].bytes == 0 || (i > 0 && parts[i - 1].device_writes && !parts[i].device_writes))
            return false;
        *writable += parts[i].device_writes ? parts[i].bytes : 0;
    }
    return count > 0 && *writable <= UINT32_MAX;
}

/** Puts a chain in; virtio_put() says what it returns. */
static inline enum status ring_put(struct ring *ring, const struct virtio_part *parts,
                                   unsigned count, uint64_t token)
{
    uint16_t head = ring->free_first, at = head;
    uint64_t writable;

    if (ring->broken)
        return ERR_IO;
    if (count > ring->size || !parts_are_good(parts, count, &writable))
        return ERR_INVALID;
    if (count > ring->free)
        return AGAIN;
    for (unsigned i = 0; i < count; i++) {
        struct ring_descriptor *to = &ring->page->descriptors[at];

        to->address = parts[i].address.value;
        to->bytes = parts[i].bytes;
        to->next = ring->next[at];
        to->flags = (uint16_t)((i + 1 < count ? DESCRIPTOR_NEXT : 0) |
                               (parts[i].device_writes ? DESCRIPTOR_WRITE : 0));
        at = ring->next[at];
    }
    ring->free_first = at;
    ring->free = (uint16_t)(ring->free - count);
    ring->chains++;
    ring->heads[head].parts = (uint16_t)count;
    ring->heads[head].writable = (uint32_t)writable;
    ring->heads[head].token = token;
    ring->page->available.heads[ring->available % ring->size] = head;
    ring->available++;
    /* 2.7.13.3: the index after what it stands for. */
    __atomic_store_n(&ring->page->available.index, ring->available, __ATOMIC_RELEASE);
    return OK;
}

/** Frees the descriptors of a chain. */
static inline void chain_free(struct ring *ring, uint16_t head)
{
    uint16_t last = head;

    for (unsigned i = 1; i < ring->heads[head].parts; i++)
        last = ring->next[last];
    ring->next[last] = ring->free_first;
    ring->free_first = head;
    ring->free = (uint16_t)(ring->free + ring->heads[head].parts);
    ring->chains--;
    ring->heads[head].parts = 0;
}

/** Takes a used chain out; virtio_take() says what it returns. */
static inline enum status ring_take(struct ring *ring, uint64_t *token, uint32_t *bytes)
{
    /* 2.7.14: what the index stands for after the index. */
    uint16_t index = __atomic_load_n(&ring->page->used.index, __ATOMIC_ACQUIRE);
    uint16_t count = (uint16_t)(index - ring->used), at = ring->used % ring->size;
    uint32_t head, written;

    if (ring->broken)
        return ERR_IO;
    if (count == 0)
        return AGAIN;
    /* Each is read once: the device could change it between two looks. */
    head = __atomic_load_n(&ring->page->used.chains[at].head, __ATOMIC_RELAXED);
    written = __atomic_load_n(&ring->page->used.chains[at].bytes, __ATOMIC_RELAXED);
    if (count > ring->chains || head >= ring->size || ring->heads[head].parts == 0 ||
        written > ring->heads[head].writable) {
        ring->broken = true;
        return ERR_IO;
    }
    *token = ring->heads[head].token;
    *bytes = written;
    ring->used++;
    chain_free(ring, (uint16_t)head);
    return OK;
}

/** Whether the device wants to hear of new chains (2.7.10). fence_device() stands between ring_put() and this. */
static inline bool ring_is_to_notify(const struct ring *ring)
{
    return !(__atomic_load_n(&ring->page->used.flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY);
}

#endif
