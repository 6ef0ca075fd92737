/**
 * @file nucleus/memory_records.h
 * The nucleus' records of memory: what the frame allocator and the heap know, for those who show or explain
 * it.
 *
 * Written by the nucleus alone (and by cell evolve, as it says). Read them in a visit only, which holds the locks that guard them: copy out
 * what is to stay, and neither allocate nor free. Most readers want inspect.h instead.
 */
#ifndef MITOS_NUCLEUS_MEMORY_RECORDS_H
#define MITOS_NUCLEUS_MEMORY_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "frame.h"
#include "heap.h"
#include "list.h"
#include "spinlock.h"

/** The block that begins at a frame. */
struct frame_block {
    uint8_t use;   /* enum frame_use; FRAME_INSIDE: none begins here */
    uint8_t order; /* 2^order frames; 0 when none begins */
};

/** Calls @p visit for each block of RAM, by ranges of RAM and then by address, until it returns false. */
void frames_visit(bool (*visit)(paddr base, struct frame_block block, void *argument), void *argument);

#define SLAB_MAX_SLOTS 512u

/** A slab: a block of frames (FRAME_SLAB) that begins with this, and slots for objects behind it. */
struct slab {
    struct kind *kind; /* NULL once the slab is given up */
    struct bin *bin;
    struct list all;     /* in kind->slabs */
    struct list partial; /* in bin->partial while a slot is free, else in no list */
    uint64_t used;       /* slots with objects */
    uint64_t live[SLAB_MAX_SLOTS / 64]; /* a bit per slot, 1: it holds an object */
};

/** The slabs of a kind with slots of one size. */
struct bin {
    struct list partial;        /* slabs with a free slot, in order of address */
    uint64_t slot_bytes, first; /* first: distance of the first slot from the slab's base */
    uint32_t slots, order;      /* of a slab */
};

struct kind {
    struct spinlock lock;
    /* lock guards, with the bins and all that is in slabs: */
    struct list slabs;
    uint64_t live; /* objects */
    /* constant: */
    char name[KIND_NAME_ROOM];
    uint64_t object_bytes, alignment; /* cell evolve changes these in a swap, as the owner. object_bytes 0: buffers of any size */
    uint64_t signature;               /* of their type (evolve.h); 0: none is known */
    struct bin *bins;                 /* one; of buffers many, those with the smallest slots first */
    /* the list of kinds and its lock: */
    struct list link;
    struct cell *owner; /* NULL: the nucleus */
};

/**
 * The slab that @p address is in, the base of its FRAME_SLAB block, or NULL: not in one. Takes no lock. The
 * answer is dependable while the block cannot be dropped meanwhile, else it must be checked again.
 */
void *frame_slab_of(const void *address);

/** kind_create() for @p owner; NULL is the nucleus. For cell evolve, which makes what a new version declares. */
MUST_CHECK enum status kind_create_for(struct cell *owner, struct kind **kind,
                                       const struct kind_type *type);
/** Calls @p visit for each kind in order of creation until it returns false. Takes no lock while all harts stand still
 *  for this one. */
void kinds_visit(bool (*visit)(const struct kind *kind, void *argument), void *argument);

/** The number of the slot that holds @p address; not below bin->slots when none does. */
static inline uint64_t slab_slot(const struct slab *slab, const void *address)
{
    return ((uintptr_t)address - (uintptr_t)slab - slab->bin->first) / slab->bin->slot_bytes;
}

/** Whether the object in @p slot, which must be below bin->slots, lives. */
static inline bool slab_holds(const struct slab *slab, uint64_t slot)
{
    return slab->live[slot / 64] >> slot % 64 & 1;
}

/** The slot's address. */
static inline void *slab_object(const struct slab *slab, uint64_t slot)
{
    return (char *)(uintptr_t)slab + slab->bin->first + slot * slab->bin->slot_bytes;
}

#endif
