/* The direct map: RAM, devices, the nucleus and the arenas, with the rights that
 * memory_map.h states.
 *
 * Built once, of 2 MiB pages where a range allows it and 4 KiB pages elsewhere (the nucleus'
 * sections). No 1 GiB pages: an arena may turn up in any RAM; then its 2 MiB change in place. */
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "tables.h"
#include "vm_cell.h"

uint64_t *table_new(unsigned order)
{
    OWN(frames) block = {0};

    if (!frames_alloc(&block, order, FRAME_PAGE_TABLE))
        return NULL;
    memset(block.base, 0, PAGE_BYTES << order);
    count_add(&vm_state()->counts.table_frames, 1ul << order);
    return frames_leak(&block);
}

void table_free(uint64_t *table, unsigned order)
{
    OWN(frames) block = {0};

    count_add(&vm_state()->counts.table_frames, -(1ul << order));
    frames_adopt(&block, table);
    frames_drop(&block);
}

/* The entry of @p address at @p level; makes the tables above it. */
static uint64_t *entry_reach(uint64_t *root, uint64_t address, unsigned level)
{
    uint64_t *table = root;

    for (unsigned at = 2; at > level; at--) {
        uint64_t *entry = &table[table_index(address, at)];

        if (!*entry) {
            uint64_t *next = table_new(0);

            if (!next)
                return NULL;
            *entry = entry_make(pointer_to_physical(next), ENTRY_VALID);
        }
        table = entry_pointer(*entry);
    }
    return &table[table_index(address, level)];
}

static bool range_map(uint64_t *root, uint64_t base, uint64_t end, uint64_t leaf)
{
    uint64_t step;

    for (uint64_t at = base; at < end; at += step) {
        unsigned level = at % MEGAPAGE_BYTES == 0 && end - at >= MEGAPAGE_BYTES;
        uint64_t *entry = entry_reach(root, at, level);

        if (!entry)
            return false;
        ASSERT(!*entry); /* ranges do not overlap */
        *entry = entry_make((paddr){at - DIRECT_MAP_BASE}, ENTRY_VALID | leaf);
        step = level ? MEGAPAGE_BYTES : PAGE_BYTES;
    }
    return true;
}

/* RAM from @p base to @p end. Where the nucleus is in it, the firmware lies below and stays unmapped. */
static bool ram_map(uint64_t *root, uint64_t base, uint64_t end)
{
    struct memory_image image;

    memory_image(&image);
    if (image.text - base >= end - base)
        return range_map(root, base, end, LEAF_WRITE);
    return range_map(root, image.text, image.rodata, LEAF_EXECUTE) &&
           range_map(root, image.rodata, image.data, LEAF_READ) &&
           range_map(root, image.data, end, LEAF_WRITE);
}

uint64_t *direct_map_new(void)
{
    uint64_t *root = table_new(0);
    uint64_t base, bytes;
    bool executable, mapped;
    void *arena;

    if (!root)
        return NULL;
    mapped = range_map(root, DIRECT_MAP_BASE, DIRECT_MAP_BASE + GIGAPAGE_BYTES, LEAF_WRITE);
    for (unsigned i = 0; mapped && dt_memory(i, &base, &bytes); i++)
        mapped = ram_map(root, DIRECT_MAP_BASE + base, DIRECT_MAP_BASE + base + bytes);
    if (!mapped) {
        direct_map_free(root);
        return NULL;
    }
    for (unsigned i = 0; memory_arena_get(i, &arena, &executable); i++)
        direct_map_arena(root, (uint64_t)arena, executable);
    return root;
}

static bool is_table(uint64_t entry)
{
    return (entry & (ENTRY_VALID | ENTRY_RIGHTS)) == ENTRY_VALID;
}

static void tables_below_free(const uint64_t *table)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        if (is_table(table[i]))
            table_free(entry_pointer(table[i]), 0);
    }
}

void direct_map_free(uint64_t *root)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        if (is_table(root[i]))
            tables_below_free(entry_pointer(root[i]));
    }
    tables_below_free(root);
    table_free(root, 0);
}

void direct_map_arena(uint64_t *root, uint64_t base, bool executable)
{
    uint64_t *entry = entry_reach(root, base, 1);

    /* Arenas are whole 2 MiB pages of RAM, so a leaf is here and nothing had to be made. */
    ASSERT(entry && base % MEGAPAGE_BYTES == 0 && *entry && !is_table(*entry));
    entry_store(entry, entry_make((paddr){base - DIRECT_MAP_BASE},
                                  ENTRY_VALID | (executable ? LEAF_EXECUTE : LEAF_READ)));
}
