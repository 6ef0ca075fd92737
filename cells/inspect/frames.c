/* What frames of RAM are used for. Each call is one visit of all blocks. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"

static bool count_block(paddr base, struct frame_block block, void *argument)
{
    struct frame_stats *stats = argument;
    uint64_t frames = 1ul << block.order;

    (void)base;
    stats->total += frames;
    stats->used[block.use] += frames;
    if (block.use == FRAME_FREE && frames > stats->largest_free)
        stats->largest_free = frames;
    return true;
}

EXPORT void frame_stats(struct frame_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    frames_visit(count_block, stats);
    stats->cached = stats->used[FRAME_CACHED];
    stats->free = stats->used[FRAME_FREE] + stats->cached;
}

struct frame_search {
    paddr address;
    bool found;
    paddr base;
    struct frame_block block;
};

static bool find_block(paddr base, struct frame_block block, void *argument)
{
    struct frame_search *search = argument;

    search->found = search->address.value - base.value < PAGE_BYTES << block.order;
    search->base = base;
    search->block = block;
    return !search->found;
}

EXPORT enum status frame_describe(paddr pa, enum frame_use *use, paddr *base, unsigned *order)
{
    struct frame_search search = {.address = pa};

    frames_visit(find_block, &search);
    if (!search.found)
        return ERR_NOT_FOUND;
    *use = search.block.use == FRAME_CACHED ? FRAME_FREE : (enum frame_use)search.block.use;
    *base = search.base;
    *order = search.block.order;
    return OK;
}

EXPORT const char *frame_use_name(enum frame_use use)
{
    static const char names[FRAME_USES][12] = {
        "inside", "free",       "cached", "reserved", "slab",  "text",
        "rodata", "page table", "mapped", "state",    "cell",  "other",
    };

    return (unsigned)use < FRAME_USES ? names[use] : "unknown";
}
