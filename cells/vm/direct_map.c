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

static uint64_t leaf_flags(enum memory_access access)
{
    switch (access) {
    case ACCESS_R:
        return ENTRY_VALID | LEAF_READ;
    case ACCESS_RW:
        return ENTRY_VALID | LEAF_WRITE;
    case ACCESS_RX:
        return ENTRY_VALID | LEAF_EXECUTE;
    case ACCESS_NONE:
        break;
    }
    return 0;
}

static bool range_map(uint64_t *root, const struct memory_range *range)
{
    uint64_t flags = leaf_flags(range->access);
    uint64_t end = range->base + range->bytes;
    uint64_t step;

    for (uint64_t at = range->base; at < end; at += step) {
        unsigned level = at % MEGAPAGE_BYTES == 0 && end - at >= MEGAPAGE_BYTES;
        uint64_t *entry = entry_reach(root, at, level);

        if (!entry)
            return false;
        ASSERT(!*entry); /* ranges do not overlap */
        *entry = entry_make((paddr){at - DIRECT_MAP_BASE}, flags);
        step = level ? MEGAPAGE_BYTES : PAGE_BYTES;
    }
    return true;
}

uint64_t *direct_map_new(void)
{
    uint64_t *root = table_new(0);
    struct memory_range range;
    bool executable;
    void *arena;

    if (!root)
        return NULL;
    for (unsigned i = 0; memory_map_get(i, &range); i++) {
        if (range.access != ACCESS_NONE && !range_map(root, &range)) {
            direct_map_free(root);
            return NULL;
        }
    }
    for (unsigned i = 0; memory_arena_get(i, &arena, &executable); i++)
        direct_map_arena(root, (uint64_t)arena, executable ? ACCESS_RX : ACCESS_R);
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

void direct_map_arena(uint64_t *root, uint64_t base, enum memory_access access)
{
    uint64_t *entry = entry_reach(root, base, 1);

    /* Arenas are whole 2 MiB pages of RAM, so a leaf is here and nothing had to be made. */
    ASSERT(entry && base % MEGAPAGE_BYTES == 0 && *entry && !is_table(*entry));
    entry_store(entry, entry_make((paddr){base - DIRECT_MAP_BASE}, leaf_flags(access)));
}
