/* What only the nucleus may know of the frame allocator (abi/nucleus/frame.h). */
#ifndef NUCLEUS_FRAME_PRIVATE_H
#define NUCLEUS_FRAME_PRIVATE_H

#include "nucleus/frame.h"
#include "nucleus/why.h"

/* What happens at every allocation and free is one function each, without the rare rest in it. */
#define FAST inline __attribute__((always_inline))
#define SLOW __attribute__((noinline))

#define FRAME_MAX_RAMS 4u
#define FRAME_MAX_RESERVED 24u

/** Physical addresses base .. base + bytes - 1. */
struct physical_range {
    uint64_t base, bytes;
};

/**
 * Takes over all RAM, once, on the boot hart. @p rams (at most FRAME_MAX_RAMS) do not overlap; of
 * @p reserved ranges (at most FRAME_MAX_RESERVED; in any order, may overlap, or lie outside of RAM)
 * every frame that they touch is FRAME_RESERVED. One byte per frame of bookkeeping goes into the first
 * gap of each RAM range that is large enough. All of RAM must be in the direct map; nothing is touched
 * but those bytes and the first 16 of each free block.
 * @return OK; ERR_INVALID too many ranges, or no RAM; ERR_NOMEM no gap for the bookkeeping.
 */
MUST_CHECK enum status frame_init(const struct physical_range *rams, unsigned ram_count,
                                  const struct physical_range *reserved, unsigned reserved_count,
                                  struct why *why);

/**
 * The base of the FRAME_SLAB block that holds @p address, or NULL: not in one. Takes no lock. The
 * answer is dependable while the block cannot be dropped meanwhile, else it must be checked again.
 */
void *frame_slab_of(const void *address);

#endif
