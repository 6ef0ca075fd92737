/* Address space of VM_AREA: slots in regions, and runs of regions (area.h says how it works). */
#include "area.h"

#include "nucleus/hart.h"
#include "regions.h"

static unsigned run_regions(uint32_t pages)
{
    return (pages + 1 + REGION_PAGES - 1) / REGION_PAGES;
}

/* --- slots --- */

static uint64_t slot_link(unsigned next)
{
    return (uint64_t)next << 10 | ENTRY_SLOT;
}

/* The guard page's entry of a range in use. A physical address has at most 37 bits here. */
static uint64_t range_link(const struct range *range)
{
    return pointer_to_physical(range).value << 10;
}

/* The range that a guard page's entry names, NULL: a free slot, or a run in the making. */
static const struct range *linked_range(uint64_t entry)
{
    if (!entry || (entry & ENTRY_SOFTWARE) == ENTRY_SLOT)
        return NULL;
    return physical_to_pointer((paddr){entry >> 10});
}

/* A new region whose slots have 2^@p order pages, all free. */
static bool slots_open(struct area *area, unsigned order) REQUIRES(area->lock);
static bool slots_open(struct area *area, unsigned order)
{
    unsigned number = regions_take(area, 1), slots = REGION_PAGES >> order;
    struct region *region;
    uint64_t *table;

    if (number == NONE)
        return false;
    if (!table_attach(area, number)) {
        regions_give(area, number, 1);
        return false;
    }
    table = region_table(area, number);
    for (unsigned slot = 0; slot < slots; slot++)
        entry_store(&table[slot << order], slot_link(slot + 1 < slots ? slot + 1 : NONE));
    region = region_at(area, number);
    region->order = order & 15;
    region->used = 0;
    region->free_slot = 0;
    region_list_enter(area, number);
    return true;
}

static bool slot_take(struct area *area, struct range *range, unsigned order) REQUIRES(area->lock);
static bool slot_take(struct area *area, struct range *range, unsigned order)
{
    struct region *region;
    unsigned number, slot;
    uint64_t *guard_entry;

    if (books(area)->with_room[order] == NONE && !slots_open(area, order))
        return false;
    number = books(area)->with_room[order];
    region = region_at(area, number);
    slot = region->free_slot;
    guard_entry = &region_table(area, number)[slot << order];
    region->free_slot = (uint16_t)(*guard_entry >> 10);
    region->used++;
    if (region->free_slot == NONE)
        region_list_leave(area, number);
    entry_store(guard_entry, range_link(range));
    range->start = region_base(number) + ((slot << order) + 1) * PAGE_BYTES;
    return true;
}

static void slot_give(struct area *area, const struct range *range, unsigned order)
    REQUIRES(area->lock);
static void slot_give(struct area *area, const struct range *range, unsigned order)
{
    unsigned number = region_number(range->start);
    unsigned page = (unsigned)table_index(range->start, 0) - 1;
    struct region *region = region_at(area, number);
    bool was_full = region->free_slot == NONE;

    entry_store(&region_table(area, number)[page], slot_link(region->free_slot));
    region->free_slot = (uint16_t)(page >> order);
    region->used--;
    if (was_full)
        region_list_enter(area, number);
}

/* --- runs --- */

/* A run belongs to the one who takes it as soon as its regions are marked, so its tables are made
 * without the lock: a gigabyte needs half a thousand. */
static bool run_take(struct area *area, struct range *range)
{
    OWN(spin_guard) guard = {0};
    unsigned count = run_regions(range->pages), first;

    spin_lock(&guard, &area->lock);
    first = regions_take(area, count);
    spin_unlock(&guard, &area->lock);
    if (first == NONE)
        return false;
    range->start = region_base(first) + PAGE_BYTES;
    for (unsigned i = first; i < first + count; i++) {
        if (!table_attach(area, i)) {
            area_retire(area, range);
            hart_fence_mappings((void *)range->start, range->pages * PAGE_BYTES);
            area_give(area, range);
            return false;
        }
    }
    entry_store(region_table(area, first), range_link(range));
    return true;
}

void area_retire(struct area *area, const struct range *range)
{
    unsigned first = region_number(range->start), count = run_regions(range->pages);

    for (unsigned i = first; i < first + count; i++)
        table_retire(area, i);
}

static void run_give(struct area *area, const struct range *range)
{
    OWN(spin_guard) guard = {0};
    unsigned first = region_number(range->start), count = run_regions(range->pages);

    for (unsigned i = first; i < first + count; i++)
        table_detach(area, i);
    spin_lock(&guard, &area->lock);
    regions_give(area, first, count);
    spin_unlock(&guard, &area->lock);
}

/* --- for the rest of the cell --- */

void area_init(struct area *area, uint64_t *root)
{
    OWN(spin_guard) guard = {0};

    area->root = root;
    spin_lock(&guard, &area->lock);
    for (unsigned order = 0; order < SLOT_ORDERS; order++)
        books(area)->with_room[order] = NONE;
    spin_unlock(&guard, &area->lock);
}

bool area_take(struct area *area, struct range *range)
{
    OWN(spin_guard) guard = {0};
    unsigned order = area_order(range->pages);
    bool taken;

    if (order == REGION_RUN)
        return run_take(area, range);
    spin_lock(&guard, &area->lock);
    taken = slot_take(area, range, order);
    spin_unlock(&guard, &area->lock);
    return taken;
}

void area_give(struct area *area, const struct range *range)
{
    OWN(spin_guard) guard = {0};
    unsigned order = area_order(range->pages);

    if (order == REGION_RUN) {
        run_give(area, range);
        return;
    }
    spin_lock(&guard, &area->lock);
    slot_give(area, range, order);
    spin_unlock(&guard, &area->lock);
}

/* The range whose slot or run holds @p address, NULL: none. */
static const struct range *range_around(struct area *area, uint64_t address) REQUIRES(area->lock);
static const struct range *range_around(struct area *area, uint64_t address)
{
    unsigned number = region_number(address), page = 0;

    if (!area->root[table_index(address, 2)] || !region_is_used(area, number))
        return NULL;
    if (region_at(area, number)->order == REGION_RUN)
        number = region_at(area, number)->next;
    else
        page = (unsigned)table_index(address, 0) >> region_at(area, number)->order
                                                        << region_at(area, number)->order;
    if (!*region_entry(area, number)) /* a run in the making */
        return NULL;
    return linked_range(entry_load(&region_table(area, number)[page]));
}

bool area_find(struct area *area, uint64_t address, struct range *range)
{
    OWN(spin_guard) guard = {0};
    const struct range *around;
    bool found;

    spin_lock(&guard, &area->lock);
    around = range_around(area, address);
    found = around && address - around->start < around->pages * PAGE_BYTES;
    if (found)
        *range = *around;
    spin_unlock(&guard, &area->lock);
    return found;
}

/* Takes a region without ranges out of its list and retires its table. @return NONE: no such. */
static unsigned unused_retire(struct area *area, unsigned order)
{
    OWN(spin_guard) guard = {0};
    unsigned number;

    spin_lock(&guard, &area->lock);
    number = books(area)->with_room[order];
    while (number != NONE && region_at(area, number)->used)
        number = region_at(area, number)->next;
    if (number != NONE) {
        region_list_leave(area, number);
        /* As a run it is in no list, and a lookup finds nothing in it. */
        region_at(area, number)->order = REGION_RUN;
        region_at(area, number)->next = (uint16_t)number;
        table_retire(area, number);
    }
    spin_unlock(&guard, &area->lock);
    return number;
}

void area_drain(struct area *area)
{
    OWN(spin_guard) guard = {0};
    unsigned number;

    for (unsigned order = 1; order < SLOT_ORDERS; order++) {
        while ((number = unused_retire(area, order)) != NONE) {
            hart_fence_mappings((void *)region_base(number), MEGAPAGE_BYTES);
            table_detach(area, number);
            spin_lock(&guard, &area->lock);
            regions_give(area, number, 1);
            spin_unlock(&guard, &area->lock);
        }
    }
}
