/* What only the nucleus may know of the frame allocator (abi/nucleus/frame.h). */
#ifndef NUCLEUS_FRAME_PRIVATE_H
#define NUCLEUS_FRAME_PRIVATE_H

#include "nucleus/frame.h"
#include "nucleus/why.h"

/* What is rare at an allocation or a free stays out of the function that runs at each. */
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
 * every frame that they touch is FRAME_RESERVED. Two bytes per frame of bookkeeping go into the first
 * gap of each RAM range that is large enough. All of RAM must be in the direct map; nothing is touched
 * but those bytes and the first 16 of each free block. @p free: the number of frames that are.
 * @return OK; ERR_INVALID too many ranges, or no RAM; ERR_NOMEM no gap for the bookkeeping.
 */
MUST_CHECK enum status frame_init(const struct physical_range *rams, unsigned ram_count,
                                  const struct physical_range *reserved, unsigned reserved_count,
                                  uint64_t *free, struct why *why);

#endif
