/* What heap.c (kinds) and heap_slab.c (slabs and objects) share. A slab is a block of frames with a header
 * at its start and objects of one kind behind it; the lock of the kind guards all of it. */
#ifndef NUCLEUS_HEAP_SLAB_H
#define NUCLEUS_HEAP_SLAB_H

#include "heap_private.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"

struct bin;

/* At the base of a FRAME_SLAB block. */
struct slab {
    struct kind *kind;   /* NULL once the slab is given up */
    struct bin *bin;     /* NULL: one object that is too large for a bin */
    struct list all;     /* in kind->slabs */
    struct list partial; /* in bin->partial while a slot is free, else in no list */
    uint64_t slot_bytes;
    uint64_t first; /* of the first slot: its distance from the header */
    uint64_t slots, used;
    uint64_t order;  /* of its block */
    uint64_t free[]; /* a bit per slot, 1: free; bits past the last slot are 0 */
};

/* Slabs with slots of one size. */
struct bin {
    struct list partial; /* slabs with a free slot, those in use last first */
    struct slab *empty;  /* the one slab without objects that is kept, or NULL */
    uint64_t slot_bytes;
    uint32_t first, slots, order; /* of its slabs */
};

#define BINS 20u

struct kind {
    struct spinlock lock;
    /* lock guards: */
    struct list slabs;
    /* constant: */
    char name[KIND_NAME_ROOM];
    uint32_t object_bytes, alignment; /* object_bytes 0: buffers of any size */
    uint32_t bin_count;               /* 0: every object has a slab of its own */
    /* the list of kinds and its lock: */
    struct list kinds;
    struct cell *owner;
    struct bin bins[BINS]; /* lock; smallest slots first */
};

/** Sets @p bin up for slots of that size. @return false: fewer than 2 go into the largest slab. */
bool bin_init(struct bin *bin, size_t slot_bytes, size_t alignment);
/** Gives a slab without objects back to the frame allocator. */
void slab_release(struct kind *kind, struct slab *slab) REQUIRES(kind->lock);
/** The number of the slot that holds @p address, or slab->slots: none does. */
uint64_t slab_slot(const struct slab *slab, const void *address);

static inline bool slab_is_free(const struct slab *slab, uint64_t slot)
{
    return slab->free[slot / 64] >> slot % 64 & 1;
}

static inline void *slab_object(struct slab *slab, uint64_t slot)
{
    return (char *)slab + slab->first + slot * slab->slot_bytes;
}

#endif
