/* What the files of this cell share: its state, and the object behind a mapping. */
#ifndef VM_CELL_H
#define VM_CELL_H

#include "area.h"
#include "nucleus/heap.h"

struct vm_state {
    struct kind *mappings, *backings;
    struct area area; /* area.root is NULL until start() */
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
    bool device;             /* no frames to free */
    struct backing *backing; /* set once, atomically; NULL: the frames are this mapping's alone */
};

/** A frame for a mapping, NULL when there is none; and its end. */
void *page_new(bool zeroed);
void page_free(void *page);

#endif
