/* Arenas for text and read-only data (arena.h): each has a record with a bit for each 64 bytes. First fit.
 * So what an arena costs does not depend on what came and went in it. */
#include "arena.h"

#include "cell_private.h"
#include "harts.h"
#include "hooks_private.h"
#include "nucleus/frame.h"
#include "nucleus/list.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "nucleus/string.h"
#include "sbi_calls.h"

#define ARENA_ORDER 9u /* 2 MiB */
#define CHUNK_BYTES 512u

#define UNITS (MEGAPAGE_BYTES / ARENA_ALIGN)

struct arena {
    struct list link;
    uint8_t *base;
    bool executable;
    uint64_t used[UNITS / 64]; /* a bit for each unit of ARENA_ALIGN bytes */
};

static struct list arenas = {&arenas, &arenas};

static struct arena *arena_at(const struct list *node)
{
    return list_entry(node, struct arena, link);
}

static uint64_t boot_satp(void)
{
    return SATP_SV39 | pointer_to_physical(boot_table).value >> PAGE_SHIFT;
}

void text_write(void *to, const void *from, size_t bytes)
{
    /* c.ebreak: late use of freed text faults. */
    static const uint64_t poison[CHUNK_BYTES / 8] = {[0 ... CHUNK_BYTES / 8 - 1] =
                                                         0x9002900290029002};
    for (size_t done = 0; done < bytes; done += CHUNK_BYTES) {
        OWN(irq_guard) guard = {0};
        size_t now = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;

        irq_disable(&guard);
        text_copy_words((uint8_t *)to + done,
                        from ? (const uint8_t *)from + done : (const void *)poison, now / 8,
                        boot_satp());
        irq_restore(&guard);
    }
}

_Static_assert(sizeof(struct text_pair) == 24, "trap.S: PAIR_BYTES");

void text_write_pairs(const struct text_pair *pairs, uint64_t count, bool forward)
{
    text_copy_pairs(pairs, count,
                    forward ? offsetof(struct text_pair, becomes) : offsetof(struct text_pair, was),
                    boot_satp());
}

void text_write_pair(uint64_t address, const uint8_t bytes[8])
{
    static struct text_pair pair; /* in the direct map, which a stack need not be */
    OWN(irq_guard) guard = {0};

    pair.address = address;
    memcpy(&pair.becomes, bytes, 8);
    irq_disable(&guard);
    text_write_pairs(&pair, 1, true);
    irq_restore(&guard);
}

static struct arena *arena_make(bool executable)
{
    OWN(frames) block = {0};
    struct arena *arena = heap_alloc_bytes(buffer_kind, sizeof *arena);

    if (!arena)
        return NULL;
    if (!frames_alloc(&block, ARENA_ORDER, executable ? FRAME_TEXT : FRAME_RODATA)) {
        heap_free(buffer_kind, arena);
        return NULL;
    }
    *arena = (struct arena){.base = block.base, .executable = executable};
    list_publish(&arenas, &arena->link);
    hooks.vm_arena_added(frames_leak(&block), executable);
    return arena;
}

/* The first of @p count units in a row that are free. @return UNITS: there is no such row. */
static uint64_t find_row(const struct arena *arena, uint64_t count)
{
    uint64_t row = 0; /* of units up to this one */

    for (uint64_t unit = 0; unit < UNITS; unit++) {
        uint64_t word = arena->used[unit / 64];

        if (~word == 0) {
            unit |= 63;
            row = 0;
        } else if (word == 0 && unit % 64 == 0 && count - row > 64) {
            unit |= 63;
            row += 64;
        } else if (word >> unit % 64 & 1) {
            row = 0;
        } else if (++row == count) {
            return unit + 1 - count;
        }
    }
    return UNITS;
}

/* Turns @p count units from @p first on from free ones into used ones, or back. */
static void turn_row(struct arena *arena, uint64_t first, uint64_t count, bool used)
{
    for (uint64_t end = first + count, now; first < end; first += now) {
        uint64_t *word = &arena->used[first / 64], bits;

        now = 64 - first % 64 < end - first ? 64 - first % 64 : end - first;
        bits = (~0ul >> (64 - now)) << first % 64;
        ASSERT((*word & bits) == (used ? 0 : bits));
        *word ^= bits;
    }
}

static uint64_t units_of(size_t bytes)
{
    return align_up(bytes ?: 1, ARENA_ALIGN) / ARENA_ALIGN; /* no two have one base */
}

void *arena_alloc(size_t bytes, bool executable)
{
    uint64_t count = units_of(bytes), first = UNITS;
    struct arena *arena = NULL;

    if (count > UNITS)
        return NULL;
    for (struct list *node = arenas.next; first == UNITS && node != &arenas; node = node->next) {
        arena = arena_at(node);
        if (arena->executable == executable)
            first = find_row(arena, count);
    }
    if (first == UNITS) {
        arena = arena_make(executable);
        first = 0;
    }
    if (!arena)
        return NULL;
    turn_row(arena, first, count, true);
    return arena->base + first * ARENA_ALIGN;
}

void arena_free(void *base, size_t bytes)
{
    uint64_t offset = (uint64_t)base % MEGAPAGE_BYTES, count = units_of(bytes);

    if (!base)
        return;
    list_each(node, &arenas) {
        if (arena_at(node)->base + offset != base)
            continue;
        turn_row(arena_at(node), offset / ARENA_ALIGN, count, false);
        text_write(base, NULL, count * ARENA_ALIGN);
        return;
    }
    panic("%p is in no arena", base);
}

/* Without a lock: arenas only come. */
bool arena_has_text(uint64_t address)
{
    list_each(node, &arenas) {
        if (address - (uint64_t)arena_at(node)->base < MEGAPAGE_BYTES)
            return arena_at(node)->executable;
    }
    return false;
}

bool memory_arena_get(unsigned index, void **base, bool *executable)
{
    list_each(node, &arenas) {
        *base = arena_at(node)->base;
        *executable = arena_at(node)->executable;
        if (index-- == 0)
            return true;
    }
    return false;
}
