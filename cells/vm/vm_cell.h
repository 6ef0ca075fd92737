/* What the files of this cell share: its state, and the object behind a mapping. */
#ifndef VM_CELL_H
#define VM_CELL_H

#include "area.h"
#include "nucleus/heap.h"

/** Slots of up to 2^3 pages: stacks, and all that is mapped and unmapped often. */
#define SPARE_ORDERS 4u
#define SPARES_KEPT 8u

/**
 * Objects of small mappings that were dropped, by the order of their slot, which they keep: the
 * next mapping of that order needs neither object nor room. Their ranges have no pages.
 */
struct spares {
    struct spinlock lock;
    /* lock guards: */
    struct spare_list {
        struct mapping_object *first;
        unsigned length;
    } lists[SPARE_ORDERS];
};

struct vm_state {
    struct kind *mappings, *backings;
    struct area area; /* area.root is NULL until start() */
    struct spares spares;
    struct vm_counts {
        uint64_t mappings, pages, table_frames, faults, shootdowns; /* atomic */
    } counts;
};

struct vm_state *vm_state(void);

static inline void count_add(uint64_t *count, uint64_t by)
{
    __atomic_fetch_add(count, by, __ATOMIC_RELAXED);
}

/**
 * Frames that several mappings show. Each of these has all of them in its entries, so nothing but
 * the count is needed: the last one to go frees them. Before the first mapping_share() there is no
 * backing.
 */
struct backing {
    uint64_t users; /* atomic */
};

struct mapping_object {
    struct range range;
    uint64_t *first;         /* the entry of its first page */
    bool device;             /* no frames to free */
    struct backing *backing; /* set once, atomically; NULL: the frames are this mapping's alone */
    struct mapping_object *next_spare;
};

/**
 * An object with room for @p bytes and no page in it. NULL: no memory or addresses; size refused.
 */
struct mapping_object *object_new(size_t bytes);
/** Gives object and room back. No entry of it is valid on any hart. */
void object_free(struct mapping_object *object);
/** Frees all spare objects. */
void spares_drain(void);

/** A frame for a mapping, until it is moved into an entry; false when there is none. And the end of one that an
 *  entry had. */
bool page_new(frames *page, bool zeroed) TRY_MAKES(*page);
void page_free(void *page);

#endif
