/* Arenas for text and read-only data (arena.h): first fit over a bitmap of granules. */
#include "arena.h"

#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/frame.h"
#include "nucleus/list.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "nucleus/string.h"
#include "sbi_calls.h"

#define ARENA_ORDER 9u /* 2 MiB */
#define GRANULES (MEGAPAGE_BYTES / ARENA_GRANULE_BYTES)
#define CHUNK_BYTES 512u
#define SATP_SV39 (8ul << 60)

struct arena {
    struct list link;
    uint8_t *base;
    bool executable;
    uint32_t used;               /* granules */
    uint32_t first;              /* no granule below it is free */
    uint64_t map[GRANULES / 64]; /* bit set: handed out */
};

static struct list arenas;
static struct kind *arena_kind;
/* c.ebreak: late use of freed text faults. */
static const uint64_t poison[CHUNK_BYTES / 8] = {[0 ... CHUNK_BYTES / 8 - 1] = 0x9002900290029002};

void arena_init(void)
{
    list_init(&arenas);
    if (kind_create_for(NULL, &arena_kind, "arena", sizeof(struct arena), 8) != OK)
        panic("no memory for the first kinds");
}

void text_write(void *to, const void *from, size_t bytes)
{
    uint64_t satp = SATP_SV39 | pointer_to_physical(boot_table).value >> PAGE_SHIFT;
    uint8_t *target = to;
    const uint8_t *source = from;

    while (bytes) {
        OWN(irq_guard) guard = {0};
        size_t now = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;

        irq_disable(&guard);
        text_copy_words(target, source, now / 8, satp);
        irq_restore(&guard);
        target += now;
        source += now;
        bytes -= now;
    }
}

/* What text_write() copies from must be in the direct map: a stack need not be, this is. */
static uint64_t scratch[2];

void text_write_word(uint64_t address, uint64_t word)
{
    scratch[0] = word;
    text_write((void *)address, scratch, sizeof word);
}

void text_write_pair(uint64_t address, const uint8_t pair[8])
{
    uint64_t aligned = address & ~7ul;
    size_t words = address == aligned ? 1 : 2;

    memcpy(scratch, (const void *)aligned, words * 8);
    memcpy((uint8_t *)scratch + (address - aligned), pair, 8);
    text_write((void *)aligned, scratch, words * 8);
}

static bool taken(const struct arena *arena, uint32_t granule)
{
    return arena->map[granule / 64] >> granule % 64 & 1;
}

static void mark(struct arena *arena, uint32_t granule, uint32_t count, bool used)
{
    for (uint32_t i = granule; i < granule + count; i++) {
        if (used)
            arena->map[i / 64] |= 1ul << i % 64;
        else
            arena->map[i / 64] &= ~(1ul << i % 64);
    }
    arena->used = used ? arena->used + count : arena->used - count;
}

/* The first of @p count free granules in a row, or GRANULES. */
static uint32_t find(const struct arena *arena, uint32_t count)
{
    uint32_t run = 0;

    for (uint32_t i = arena->first; i < GRANULES; i++) {
        run = taken(arena, i) ? 0 : run + 1;
        if (run == count)
            return i + 1 - count;
    }
    return GRANULES;
}

static struct arena *arena_make(bool executable)
{
    struct arena *arena = heap_alloc(arena_kind);
    frames block = {0};

    if (!arena)
        return NULL;
    if (!frames_alloc(&block, ARENA_ORDER, executable ? FRAME_TEXT : FRAME_RODATA)) {
        heap_free(arena_kind, arena);
        return NULL;
    }
    memset(arena, 0, sizeof *arena);
    arena->base = frames_leak(&block);
    arena->executable = executable;
    list_push_back(&arenas, &arena->link);
    hooks.vm_arena_added(arena->base, executable);
    return arena;
}

static void *take(struct arena *arena, uint32_t count)
{
    uint32_t granule = find(arena, count);

    if (granule == GRANULES)
        return NULL;
    mark(arena, granule, count, true);
    if (granule == arena->first)
        arena->first = granule + count;
    return arena->base + (size_t)granule * ARENA_GRANULE_BYTES;
}

static uint32_t granules(size_t bytes)
{
    return (uint32_t)((bytes + ARENA_GRANULE_BYTES - 1) / ARENA_GRANULE_BYTES);
}

void *arena_alloc(size_t bytes, bool executable)
{
    uint32_t count = granules(bytes);
    struct arena *arena;

    if (bytes == 0 || bytes > MEGAPAGE_BYTES)
        return NULL;
    list_each(node, &arenas)
    {
        void *block;

        arena = list_entry(node, struct arena, link);
        if (arena->executable != executable || GRANULES - arena->used < count)
            continue;
        block = take(arena, count);
        if (block)
            return block;
    }
    arena = arena_make(executable);
    return arena ? take(arena, count) : NULL;
}

void arena_free(void *block, size_t bytes)
{
    uint32_t count = granules(bytes);

    for (uint32_t i = 0; i < count * ARENA_GRANULE_BYTES; i += CHUNK_BYTES) {
        size_t rest = (size_t)count * ARENA_GRANULE_BYTES - i;

        text_write((uint8_t *)block + i, poison, rest < CHUNK_BYTES ? rest : CHUNK_BYTES);
    }
    list_each(node, &arenas)
    {
        struct arena *arena = list_entry(node, struct arena, link);
        uint64_t offset = (uint64_t)((uint8_t *)block - arena->base);
        uint32_t granule = (uint32_t)(offset / ARENA_GRANULE_BYTES);

        if (offset >= MEGAPAGE_BYTES)
            continue;
        mark(arena, granule, count, false);
        if (granule < arena->first)
            arena->first = granule;
        return;
    }
    panic("arena_free: %p is in no arena", block);
}

bool memory_arena_get(unsigned index, void **base, bool *executable)
{
    list_each(node, &arenas)
    {
        struct arena *arena = list_entry(node, struct arena, link);

        if (index--)
            continue;
        *base = arena->base;
        *executable = arena->executable;
        return true;
    }
    return false;
}
