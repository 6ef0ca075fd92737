/* The frame allocator (abi/nucleus/frame.h): a buddy system with a cache of single frames per hart.
 *
 * Each frame of RAM has one byte, its code: 0 inside of a block, else that of the block which begins
 * with it, telling use and order. So the block of any address is found by going up through the
 * alignments to the first code that is not 0, and only the heads of blocks are ever written.
 * INV-FRAME-1: the blocks tile all of RAM. INV-FRAME-2: the buddy of a free block is not a free block
 * of the same order. Free blocks hold their list nodes themselves. */
#include "frame_private.h"
#include "heap_private.h"
#include "nucleus/hart.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"

#define ORDERS (FRAME_MAX_ORDER + 1)
#define CACHE_MOST 32u
#define CACHE_BATCH 16u

/* A frame in a hart's cache; free for everyone but the buddy system. */
#define CODE_CACHED ((uint8_t)(FRAME_USES * ORDERS + 1))

struct ram {
    uint64_t first, count; /* frame numbers: physical address / 4096 */
    uint8_t *codes;
};

static struct {
    struct ram rams[FRAME_MAX_RAMS]; /* with ram_count: constant after boot, the codes apart */
    unsigned ram_count;
    struct spinlock lock;
    /* lock guards: */
    struct list free[ORDERS];  /* blocks by order */
    uint64_t used[FRAME_USES]; /* frames taken less those given back, by use, past the caches */
} pool;

/* Of a hart by its number; locked, so that any hart may empty it. */
static struct cache {
    struct spinlock lock;
    /* lock guards: */
    uint64_t count;
    void *frames[CACHE_MOST];
    uint64_t used[FRAME_USES]; /* as pool.used, for single frames */
} caches[MAX_HARTS];

static uint8_t code_of(enum frame_use use, unsigned order)
{
    return (uint8_t)(use * ORDERS + order + 1);
}

static enum frame_use code_use(uint8_t code)
{
    return code == CODE_CACHED ? FRAME_FREE : (enum frame_use)((code - 1u) / ORDERS);
}

static unsigned code_order(uint8_t code)
{
    return code == CODE_CACHED ? 0 : (code - 1u) % ORDERS;
}

static uint64_t frame_number(const void *address)
{
    return pointer_to_physical(address).value >> PAGE_SHIFT;
}

static void *frame_address(uint64_t frame)
{
    return physical_to_pointer((paddr){frame << PAGE_SHIFT});
}

/* The range of RAM that holds @p frame, or NULL. */
static const struct ram *ram_of(uint64_t frame)
{
    for (const struct ram *ram = pool.rams; ram < pool.rams + pool.ram_count; ram++) {
        if (frame - ram->first < ram->count)
            return ram;
    }
    return NULL;
}

/* The code of a frame, or NULL: it is not RAM. */
static uint8_t *code_at(uint64_t frame)
{
    const struct ram *ram = ram_of(frame);

    return ram ? &ram->codes[frame - ram->first] : NULL;
}

/* Gives the block that holds @p frame: its first frame and its code. @return 0: not RAM. */
static FAST uint8_t block_of(uint64_t frame, uint64_t *first)
{
    const struct ram *ram = ram_of(frame);

    for (unsigned order = 0; ram && order <= FRAME_MAX_ORDER; order++) {
        *first = frame >> order << order;
        if (*first < ram->first)
            return 0;
        if (ram->codes[*first - ram->first])
            return ram->codes[*first - ram->first];
    }
    return 0;
}

static void block_push(uint64_t first, unsigned order) REQUIRES(pool.lock)
{
    *code_at(first) = code_of(FRAME_FREE, order);
    list_push_front(&pool.free[order], frame_address(first));
}

/* Gives a block back and joins it with its buddy while that is free, too. */
static void block_give(uint64_t first, unsigned order) REQUIRES(pool.lock)
{
    *code_at(first) = 0;
    for (; order < FRAME_MAX_ORDER; order++) {
        uint64_t buddy = first ^ 1ul << order;
        uint8_t *code = code_at(buddy);

        if (!code || *code != code_of(FRAME_FREE, order))
            break;
        *code = 0;
        list_remove(frame_address(buddy));
        first &= ~(1ul << order);
    }
    block_push(first, order);
}

/* Takes a block from the smallest that serves and gives back what is too much. @return NULL: none. */
static void *block_take(unsigned order, uint8_t code) REQUIRES(pool.lock)
{
    unsigned from = order;
    uint64_t first;

    while (from <= FRAME_MAX_ORDER && list_empty(&pool.free[from]))
        from++;
    if (from > FRAME_MAX_ORDER)
        return NULL;
    first = frame_number(list_pop_front(&pool.free[from]));
    while (from > order) {
        from--;
        block_push(first + (1ul << from), from);
    }
    *code_at(first) = code;
    return frame_address(first);
}

/* Frames first .. end - 1. */
struct span {
    uint64_t first, end;
};

/* Whether @p frame is in one of the spans, and the first frame at which the answer may change. */
static bool span_holds(const struct span *spans, unsigned count, uint64_t frame, uint64_t *until)
{
    *until = UINT64_MAX;
    for (unsigned i = 0; i < count; i++) {
        if (frame >= spans[i].first && frame < spans[i].end) {
            *until = spans[i].end;
            return true;
        }
        if (spans[i].first > frame && spans[i].first < *until)
            *until = spans[i].first;
    }
    return false;
}

/* The first run of @p count frames in @p ram that no span touches. @return 0: none. */
static uint64_t gap_find(struct span ram, const struct span *spans, unsigned spans_count,
                         uint64_t count)
{
    uint64_t until;

    for (uint64_t frame = ram.first; frame < ram.end; frame = until) {
        bool taken = span_holds(spans, spans_count, frame, &until);

        if (until > ram.end)
            until = ram.end;
        if (!taken && until - frame >= count)
            return frame;
    }
    return 0;
}

/* Makes blocks, as large as their places allow, of all frames of a span that are alike. */
static void blocks_make(struct span span, bool reserved) REQUIRES(pool.lock)
{
    unsigned order;

    for (uint64_t frame = span.first; frame < span.end; frame += 1ul << order) {
        order = 0;
        while (order < FRAME_MAX_ORDER && frame % (2ul << order) == 0 &&
               span.end - frame >= 2ul << order)
            order++;
        if (reserved)
            *code_at(frame) = code_of(FRAME_RESERVED, order);
        else
            block_push(frame, order);
    }
    if (reserved)
        pool.used[FRAME_RESERVED] += span.end - span.first;
}

/* Takes over one range of RAM. @p spans has room for one more, the codes of this range. */
static enum status ram_add(struct span ram, struct span *spans, unsigned *count) REQUIRES(pool.lock)
{
    uint64_t frames = ram.end - ram.first;
    uint64_t code_frames = align_up(frames, PAGE_BYTES) / PAGE_BYTES, until;
    uint64_t gap = gap_find(ram, spans, *count, code_frames);
    struct ram *added = &pool.rams[pool.ram_count];

    if (gap == 0)
        return ERR_NOMEM;
    spans[(*count)++] = (struct span){gap, gap + code_frames};
    *added = (struct ram){.first = ram.first, .count = frames, .codes = frame_address(gap)};
    memset(added->codes, 0, frames);
    pool.ram_count++;
    for (uint64_t frame = ram.first; frame < ram.end; frame = until) {
        bool reserved = span_holds(spans, *count, frame, &until);

        if (until > ram.end)
            until = ram.end;
        blocks_make((struct span){frame, until}, reserved);
    }
    return OK;
}

enum status frame_init(const struct physical_range *rams, unsigned ram_count,
                       const struct physical_range *reserved, unsigned reserved_count,
                       struct why *why)
{
    struct span spans[FRAME_MAX_RESERVED + FRAME_MAX_RAMS];
    unsigned count = 0;
    OWN(spin_guard) guard = {0};
    enum status status = OK;

    if (ram_count == 0 || ram_count > FRAME_MAX_RAMS || reserved_count > FRAME_MAX_RESERVED)
        return why_set(why, ERR_INVALID,
                       "frames: %u ranges of RAM and %u reserved ones, at most %u and %u",
                       ram_count, reserved_count, FRAME_MAX_RAMS, FRAME_MAX_RESERVED);
    for (unsigned i = 0; i < reserved_count; i++) {
        const struct physical_range *range = &reserved[i];
        uint64_t most = UINT64_MAX - PAGE_BYTES - range->base;
        uint64_t end = range->base + (range->bytes < most ? range->bytes : most);

        if (range->bytes > 0)
            spans[count++] =
                (struct span){range->base >> PAGE_SHIFT, (end + PAGE_BYTES - 1) >> PAGE_SHIFT};
    }
    spin_lock(&guard, &pool.lock);
    for (unsigned order = 0; order < ORDERS; order++)
        list_init(&pool.free[order]);
    for (unsigned i = 0; i < ram_count && status == OK; i++) {
        struct span ram = {align_up(rams[i].base, PAGE_BYTES) >> PAGE_SHIFT,
                           (rams[i].base + rams[i].bytes) >> PAGE_SHIFT};

        if (ram.first < ram.end)
            status = ram_add(ram, spans, &count);
    }
    if (status == OK && pool.ram_count == 0)
        status = ERR_INVALID;
    spin_unlock(&guard, &pool.lock);
    if (status != OK)
        why_set(why, status, "frames: no RAM, or no room in it for the bookkeeping");
    return status;
}

static SLOW void cache_refill(struct cache *cache) REQUIRES(cache->lock, irqs_off)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &pool.lock);
    while (cache->count < CACHE_BATCH) {
        void *base = block_take(0, CODE_CACHED);

        if (!base)
            break;
        cache->frames[cache->count++] = base;
    }
    spin_unlock_nested(&guard, &pool.lock);
}

/* Gives frames back to the pool until @p keep are left. */
static SLOW void cache_flush(struct cache *cache, uint64_t keep) REQUIRES(cache->lock, irqs_off)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &pool.lock);
    while (cache->count > keep)
        block_give(frame_number(cache->frames[--cache->count]), 0);
    spin_unlock_nested(&guard, &pool.lock);
}

/* The number of this hart is only a hint: the lock makes the cache ours, whichever it is. */
static void *single_take(enum frame_use use)
{
    OWN(spin_guard) guard = {0};
    struct cache *cache = &caches[hart_index()];
    void *base = NULL;

    spin_lock(&guard, &cache->lock);
    if (cache->count == 0)
        cache_refill(cache);
    if (cache->count > 0) {
        base = cache->frames[--cache->count];
        *code_at(frame_number(base)) = code_of(use, 0);
        cache->used[use]++;
    }
    spin_unlock(&guard, &cache->lock);
    return base;
}

static void single_give(void *base, uint8_t *code)
{
    OWN(spin_guard) guard = {0};
    struct cache *cache = &caches[hart_index()];

    spin_lock(&guard, &cache->lock);
    cache->used[code_use(*code)]--;
    *code = CODE_CACHED;
    if (cache->count == CACHE_MOST)
        cache_flush(cache, CACHE_MOST - CACHE_BATCH);
    cache->frames[cache->count++] = base;
    spin_unlock(&guard, &cache->lock);
}

static SLOW void *larger_take(unsigned order, enum frame_use use)
{
    OWN(spin_guard) guard = {0};
    void *base;

    spin_lock(&guard, &pool.lock);
    base = block_take(order, code_of(use, order));
    if (base)
        pool.used[use] += 1ul << order;
    spin_unlock(&guard, &pool.lock);
    return base;
}

static SLOW void larger_give(void *base, uint8_t code)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &pool.lock);
    pool.used[code_use(code)] -= 1ul << code_order(code);
    block_give(frame_number(base), code_order(code));
    spin_unlock(&guard, &pool.lock);
}

/* Unchecked: this makes the handle. Single frames kept in caches may be what a larger block lacks. */
bool frames_alloc(frames *block, unsigned order, enum frame_use use) UNCHECKED
{
    block->base = NULL;
    if (order > FRAME_MAX_ORDER || use <= FRAME_RESERVED || use >= FRAME_USES)
        return false;
    block->base = order == 0 ? single_take(use) : larger_take(order, use);
    if (!block->base) {
        frame_drain();
        block->base = larger_take(order, use);
    }
    return block->base != NULL;
}

/* Unchecked: this ends the handle. */
void frames_drop(frames *block) UNCHECKED
{
    void *base = block->base;
    uint8_t *code;

    if (!base)
        return;
    block->base = NULL;
    code = (uintptr_t)base % PAGE_BYTES == 0 ? code_at(frame_number(base)) : NULL;
    if (!code || *code == 0 || code_use(*code) <= FRAME_RESERVED)
        fault_caller("frames_drop: %p is not the base of an allocated block", base);
    if (code_order(*code) == 0)
        single_give(base, code);
    else
        larger_give(base, *code);
}

/* Unchecked: runs when a fault cuts the owner short. */
void frames_unwind(frames *block)
{
    frames_drop(block);
}

/* Unchecked: the handle ends, the block lives on. */
void *frames_leak(frames *block) UNCHECKED
{
    void *base = block->base;

    block->base = NULL;
    return base;
}

/* Unchecked: this makes the handle. */
void frames_adopt(frames *block, void *base) UNCHECKED
{
    block->base = base;
}

void frame_drain(void)
{
    for (unsigned i = 0; i < MAX_HARTS; i++) {
        OWN(spin_guard) guard = {0};

        spin_lock(&guard, &caches[i].lock);
        cache_flush(&caches[i], 0);
        spin_unlock(&guard, &caches[i].lock);
    }
}

void *frame_slab_of(const void *address)
{
    uint64_t first;
    uint8_t code = block_of(frame_number(address), &first);

    return code && code_use(code) == FRAME_SLAB ? frame_address(first) : NULL;
}

enum status frame_describe(paddr pa, enum frame_use *use, paddr *base, unsigned *order)
{
    OWN(spin_guard) guard = {0};
    uint64_t first = 0;
    uint8_t code;

    spin_lock(&guard, &pool.lock);
    code = block_of(pa.value >> PAGE_SHIFT, &first);
    spin_unlock(&guard, &pool.lock);
    if (!code)
        return ERR_NOT_FOUND;
    *use = code_use(code);
    *base = (paddr){first << PAGE_SHIFT};
    *order = code_order(code);
    return OK;
}

void frame_stats(struct frame_stats *stats)
{
    *stats = (struct frame_stats){0};
    for (unsigned i = 0; i < MAX_HARTS; i++) {
        OWN(spin_guard) guard = {0};

        spin_lock(&guard, &caches[i].lock);
        stats->cached += caches[i].count;
        for (unsigned use = 0; use < FRAME_USES; use++)
            stats->used[use] += caches[i].used[use];
        spin_unlock(&guard, &caches[i].lock);
    }
    OWN(spin_guard) guard = {0};
    spin_lock(&guard, &pool.lock);
    for (unsigned use = 0; use < FRAME_USES; use++) {
        stats->used[use] += pool.used[use];
        stats->free -= stats->used[use];
    }
    for (unsigned i = 0; i < pool.ram_count; i++)
        stats->total += pool.rams[i].count;
    for (unsigned order = 0; order < ORDERS; order++) {
        if (!list_empty(&pool.free[order]))
            stats->largest_free = 1ul << order;
    }
    spin_unlock(&guard, &pool.lock);
    stats->free += stats->total;
}

const char *frame_use_name(enum frame_use use)
{
    static const char *const names[FRAME_USES] = {
        "free", "reserved", "slab", "text", "rodata", "page table", "mapped", "state", "other",
    };

    return (unsigned)use < FRAME_USES ? names[use] : "unknown";
}
