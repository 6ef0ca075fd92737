/* The frame allocator (abi/nucleus/frame.h): a buddy system with a cache of single frames per hart.
 *
 * Each frame of RAM has a record, which tells use and order of the block that begins with it, or that the
 * frame is inside of a block. So the block of any address is found by going up through the alignments to
 * the first frame that is not inside, and a large block costs no more to take or give than a single frame.
 * INV-FRAME-1: the blocks tile all of RAM. INV-FRAME-2: the buddy of a free block is not a free block
 * of the same order. Free blocks hold their list nodes themselves. */
#include "frame_private.h"
#include "heap_private.h"
#include "nucleus/hart.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"

#define ORDERS (FRAME_MAX_ORDER + 1)
#define CACHE_MOST 32u
#define CACHE_BATCH 16u

/* A range of RAM, by virtual addresses. */
struct ram {
    uint64_t base, bytes;
    struct frame_block *blocks; /* the record of each frame */
};

static struct {
    struct ram rams[FRAME_MAX_RAMS]; /* constant after boot; those not in use have no bytes */
    struct spinlock lock;
    /* lock guards, with the records of blocks that are free: */
    struct list free[ORDERS]; /* blocks by order */
} pool;

/* Of a hart by its number; locked, so that any hart may empty it. */
static struct cache {
    struct spinlock lock;
    /* lock guards: */
    uint64_t count;
    void *frames[CACHE_MOST];
} caches[MAX_HARTS];

/* The record of the frame at @p address; NULL: it is not RAM. */
static inline struct frame_block *block_at(uint64_t address)
{
    for (const struct ram *ram = pool.rams; ram < pool.rams + FRAME_MAX_RAMS; ram++) {
        if (address - ram->base < ram->bytes)
            return &ram->blocks[(address - ram->base) / PAGE_BYTES];
    }
    return NULL;
}

static void block_push(uint64_t base, unsigned order) REQUIRES(pool.lock)
{
    *block_at(base) = (struct frame_block){FRAME_FREE, (uint8_t)order};
    list_push_front(&pool.free[order], (struct list *)base);
}

/* Gives a block back and joins it with its buddy while that is free, too. */
static SLOW void block_give(uint64_t base, unsigned order)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &pool.lock);
    for (; order < FRAME_MAX_ORDER; order++) {
        uint64_t buddy = base ^ PAGE_BYTES << order;
        struct frame_block *block = block_at(buddy);

        if (!block || block->use != FRAME_FREE || block->order != order)
            break;
        list_remove((struct list *)buddy);
        *block = *block_at(base) = (struct frame_block){FRAME_INSIDE, 0};
        base &= buddy;
    }
    block_push(base, order);
    spin_unlock(&guard, &pool.lock);
}

/* Takes a block from the smallest that serves and gives back what is too much. @return NULL: none. */
static SLOW void *block_take(unsigned order, enum frame_use use)
{
    OWN(spin_guard) guard = {0};
    void *base = NULL;
    unsigned from = order;

    spin_lock(&guard, &pool.lock);
    while (from < ORDERS && list_empty(&pool.free[from]))
        from++;
    if (from < ORDERS) {
        base = list_pop_front(&pool.free[from]);
        while (from-- > order)
            block_push((uint64_t)base + (PAGE_BYTES << from), from);
        *block_at((uint64_t)base) = (struct frame_block){(uint8_t)use, (uint8_t)order};
    }
    spin_unlock(&guard, &pool.lock);
    return base;
}

/* While the blocks are made: physical memory that is taken, whole frames, in any order. */
struct taken {
    unsigned count;
    struct physical_range ranges[FRAME_MAX_RESERVED + FRAME_MAX_RAMS];
};

/* Whether the frame at @p page is taken. Lowers @p until to the next frame of which that may differ. */
static bool is_taken(const struct taken *taken, uint64_t page, uint64_t *until)
{
    bool is = false;

    for (unsigned i = 0; i < taken->count; i++) {
        const struct physical_range *range = &taken->ranges[i];
        uint64_t border = page < range->base ? range->base : range->base + range->bytes;

        is |= page - range->base < range->bytes;
        if (page < border && border < *until)
            *until = border;
    }
    return is;
}

/* The first run of @p bytes from @p page to @p end that is not taken. @return 0: none. */
static uint64_t gap_find(const struct taken *taken, uint64_t page, uint64_t end, uint64_t bytes)
{
    for (uint64_t until; page < end; page = until) {
        until = end;
        if (!is_taken(taken, page, &until) && until - page >= bytes)
            return page;
    }
    return 0;
}

/* Makes blocks, as large as their places allow. Counts the frames of those that are free. */
static void blocks_make(const struct taken *taken, uint64_t page, uint64_t end, uint64_t *free)
{
    unsigned order;

    for (; page < end; page += PAGE_BYTES << order) {
        uint64_t until = end;
        bool reserved = is_taken(taken, page, &until);

        for (order = 0; order < FRAME_MAX_ORDER; order++) {
            if (page % (PAGE_BYTES << 1 << order) != 0 || until - page < PAGE_BYTES << 1 << order)
                break;
        }
        if (reserved) {
            *block_at(page + DIRECT_MAP_BASE) =
                (struct frame_block){FRAME_RESERVED, (uint8_t)order};
        } else {
            block_give(page + DIRECT_MAP_BASE, order);
            *free += 1ul << order;
        }
    }
}

enum status frame_init(const struct physical_range *rams, unsigned ram_count,
                       const struct physical_range *reserved, unsigned reserved_count,
                       uint64_t *free, struct why *why)
{
    struct taken taken = {.count = reserved_count};

    if (ram_count > FRAME_MAX_RAMS || reserved_count > FRAME_MAX_RESERVED)
        return why_set(why, ERR_INVALID, "more than %u ranges of RAM or %u reserved ones",
                       FRAME_MAX_RAMS, FRAME_MAX_RESERVED);
    for (unsigned i = 0; i < reserved_count; i++) {
        uint64_t bytes = reserved[i].bytes; /* as much as can matter, so that no sum overflows */

        bytes = bytes < DIRECT_MAP_BYTES ? bytes : DIRECT_MAP_BYTES;
        taken.ranges[i].base = reserved[i].base & -PAGE_BYTES;
        taken.ranges[i].bytes = align_up(reserved[i].base % PAGE_BYTES + bytes, PAGE_BYTES);
    }
    for (unsigned order = 0; order < ORDERS; order++)
        list_init(&pool.free[order]);
    *free = 0;
    for (unsigned i = 0; i < ram_count; i++) {
        uint64_t base = align_up(rams[i].base, PAGE_BYTES);
        uint64_t end = (rams[i].base + rams[i].bytes) & -PAGE_BYTES;
        uint64_t count = (end - base) / PAGE_BYTES;
        uint64_t bytes = align_up(count * sizeof(struct frame_block), PAGE_BYTES);
        uint64_t gap = gap_find(&taken, base, end, bytes);

        if (base >= end)
            continue;
        if (gap == 0)
            return why_set(why, ERR_NOMEM, "RAM at 0x%lx: no room in it for the bookkeeping", base);
        taken.ranges[taken.count++] = (struct physical_range){gap, bytes};
        pool.rams[i] = (struct ram){base + DIRECT_MAP_BASE, end - base,
                                    memset(physical_to_pointer((paddr){gap}), FRAME_INSIDE, bytes)};
        blocks_make(&taken, base, end, free);
    }
    return *free > 0 ? OK : why_set(why, ERR_INVALID, "there is no RAM, or none is free");
}

/* Takes frames from the pool, or gives some back, until the cache holds @p wanted of them if it can. */
static SLOW void cache_level(struct cache *cache, uint64_t wanted) REQUIRES(cache->lock)
{
    void *frame;

    while (cache->count > wanted)
        block_give((uint64_t)cache->frames[--cache->count], 0);
    while (cache->count < wanted && (frame = block_take(0, FRAME_CACHED)))
        cache->frames[cache->count++] = frame;
}

/* The number of this hart is only a hint: the lock makes the cache ours, whichever it is. */
static inline void *single_take(enum frame_use use)
{
    OWN(spin_guard) guard = {0};
    struct cache *cache = &caches[hart_index()];
    void *base = NULL;

    spin_lock(&guard, &cache->lock);
    if (cache->count == 0)
        cache_level(cache, CACHE_BATCH);
    if (cache->count > 0) {
        base = cache->frames[--cache->count];
        block_at((uint64_t)base)->use = (uint8_t)use;
    }
    spin_unlock(&guard, &cache->lock);
    return base;
}

static inline void single_give(void *base, struct frame_block *block)
{
    OWN(spin_guard) guard = {0};
    struct cache *cache = &caches[hart_index()];

    spin_lock(&guard, &cache->lock);
    block->use = FRAME_CACHED;
    if (cache->count == CACHE_MOST)
        cache_level(cache, CACHE_MOST - CACHE_BATCH);
    cache->frames[cache->count++] = base;
    spin_unlock(&guard, &cache->lock);
}

/* Unchecked: this makes the handle. Single frames kept in caches may be what a larger block lacks. */
bool frames_alloc(frames *block, unsigned order, enum frame_use use) UNCHECKED
{
    block->base = NULL;
    if (order > FRAME_MAX_ORDER || use <= FRAME_RESERVED || use >= FRAME_USES)
        return false;
    block->base = order == 0 ? single_take(use) : block_take(order, use);
    if (!block->base) {
        frame_drain();
        block->base = block_take(order, use);
    }
    return block->base != NULL;
}

/* Unchecked: this ends the handle. */
void frames_drop(frames *owned) UNCHECKED
{
    void *base = owned->base;
    struct frame_block *block = block_at((uint64_t)base);

    if (!base)
        return;
    owned->base = NULL;
    if ((uintptr_t)base % PAGE_BYTES != 0 || !block || block->use <= FRAME_RESERVED)
        fault_caller("frames_drop: %p is not the base of an allocated block", base);
    if (block->order == 0)
        single_give(base, block);
    else
        block_give((uint64_t)base, block->order);
}

void frame_drain(void)
{
    for (unsigned i = 0; i < MAX_HARTS; i++) {
        OWN(spin_guard) guard = {0};

        spin_lock(&guard, &caches[i].lock);
        cache_level(&caches[i], 0);
        spin_unlock(&guard, &caches[i].lock);
    }
}

void *frame_slab_of(const void *address)
{
    uint64_t base = (uint64_t)address;
    const struct frame_block *block = block_at(base);
    unsigned order = 0;

    while (block && block->use == FRAME_INSIDE && order++ < FRAME_MAX_ORDER) {
        base &= -(PAGE_BYTES << order);
        block = block_at(base);
    }
    return block && block->use == FRAME_SLAB && block->order >= order ? (void *)(base & -PAGE_BYTES)
                                                                      : NULL;
}

void frames_visit(bool (*visit)(paddr base, struct frame_block block, void *argument),
                  void *argument)
{
    OWN(spin_guard) guard = {0};
    const struct frame_block *block;
    bool more = true;

    spin_lock(&guard, &pool.lock);
    for (const struct ram *ram = pool.rams; ram < pool.rams + FRAME_MAX_RAMS; ram++) {
        for (uint64_t at = 0; more && at < ram->bytes; at += PAGE_BYTES << block->order) {
            block = &ram->blocks[at / PAGE_BYTES];
            if (block->use != FRAME_INSIDE) /* else of a block that began in the range before */
                more = visit((paddr){ram->base + at - DIRECT_MAP_BASE}, *block, argument);
        }
    }
    spin_unlock(&guard, &pool.lock);
}
