/*
 * A ring of bytes between those who put (one at a time, under the owner's lock) and those who
 * take.
 *
 * Taking needs no lock: a fault report may empty the ring while the hart that faulted holds the
 * lock. Positions count for ever and never wrap; a byte belongs to whoever moves `taken` past it.
 * The slot of a byte is used again only after `taken` has passed it, so a byte that was read too
 * late is never used: the exchange fails then.
 */
#ifndef UART_RING_H
#define UART_RING_H

#include <stdbool.h>
#include <stdint.h>

struct ring {
    uint8_t *bytes;
    uint32_t size;  /* a power of two */
    uint64_t put;   /* INV-RING-1: taken <= put <= taken + size */
    uint64_t taken;
};

static inline uint32_t ring_used(const struct ring *ring)
{
    uint64_t taken = __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE);

    return (uint32_t)(__atomic_load_n(&ring->put, __ATOMIC_ACQUIRE) - taken);
}

static inline uint32_t ring_room(const struct ring *ring)
{
    return ring->size - ring_used(ring);
}

/** @return false: the ring is full. The owner's lock is held. */
static inline bool ring_put(struct ring *ring, uint8_t byte)
{
    if (ring_room(ring) == 0)
        return false;
    ring->bytes[ring->put & (ring->size - 1)] = byte;
    __atomic_store_n(&ring->put, ring->put + 1, __ATOMIC_RELEASE);
    return true;
}

/** @return false: the ring is empty. */
static inline bool ring_take(struct ring *ring, uint8_t *byte)
{
    uint64_t taken = __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE);

    do {
        if (taken == __atomic_load_n(&ring->put, __ATOMIC_ACQUIRE))
            return false;
        *byte = __atomic_load_n(&ring->bytes[taken & (ring->size - 1)], __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(&ring->taken, &taken, taken + 1, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    return true;
}

#endif
