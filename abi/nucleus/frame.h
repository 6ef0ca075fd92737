/**
 * @file nucleus/frame.h
 * Frames: physical memory in pages of 4 KiB, as contiguous blocks of 2^order frames.
 *
 * A buddy allocator (Knuth, TAOCP 1, 2.5) over all RAM, with a cache of single frames per hart. Blocks
 * are aligned to their size. Memory is not cleared: who needs zeroes clears what it needs. Never
 * sleeps; callable with interrupts off.
 */
#ifndef MITOS_NUCLEUS_FRAME_H
#define MITOS_NUCLEUS_FRAME_H

#include "../own.h"
#include "../status.h"
#include "address.h"

#define FRAME_MAX_ORDER 18u /* 1 GiB */

/** What a block of frames serves. */
enum frame_use {
    FRAME_INSIDE,     /* not the first frame of its block, which tells */
    FRAME_FREE,
    FRAME_CACHED,     /* free, in a hart's cache of single frames */
    FRAME_RESERVED,   /* firmware, nucleus, boot archive, device tree */
    FRAME_SLAB,       /* heap objects */
    FRAME_TEXT,       /* arena of cells' text */
    FRAME_RODATA,     /* arena of cells' read-only data */
    FRAME_PAGE_TABLE, /* owned by vm */
    FRAME_MAPPED,     /* behind a mapping of vm */
    FRAME_STATE,      /* state of cells */
    FRAME_CELL,       /* the loader's records of cells */
    FRAME_OTHER,
    FRAME_USES
};

/** An owned block; `base` is its address in the direct map, NULL when empty. */
typedef struct LINEAR("frames") frames {
    void *base;
} frames;

/** Allocates 2^@p order frames (order <= FRAME_MAX_ORDER). @return false: no block of that size left. */
bool frames_alloc(frames *block, unsigned order, enum frame_use use) TRY_MAKES(*block);
/** Frees @p block. */
void frames_drop(frames *block) TAKES(*block);
static inline void frames_unwind(frames *block) UNCHECKED;

/** Moves @p block out of the handle's care (into a page table, a slab); the address returned owns it. */
static inline void *frames_leak(frames *block) TAKES(*block);
/** And back: @p base as frames_leak() returned it. */
static inline void frames_adopt(frames *block, void *base) MAKES(*block);

/** Gives the caches of all harts back to the buddy allocator, so that figures can be compared. */
void frame_drain(void);

/* Unchecked, these three: they are the transitions themselves. */
static inline UNCHECKED void frames_unwind(frames *block)
{
    if (block->base)
        frames_drop(block);
}

static inline UNCHECKED void *frames_leak(frames *block)
{
    void *base = block->base;

    block->base = NULL;
    return base;
}

static inline UNCHECKED void frames_adopt(frames *block, void *base)
{
    block->base = base;
}

#endif
