/* Regions of VM_AREA: who uses which, and their tables (regions.h). */
#include "regions.h"

void region_list_enter(struct area *area, unsigned number)
{
    struct region *region = region_at(area, number);
    uint16_t *head = &books(area)->with_room[region->order];

    region->previous = NONE;
    region->next = *head;
    if (*head != NONE)
        region_at(area, *head)->previous = (uint16_t)number;
    *head = (uint16_t)number;
}

void region_list_leave(struct area *area, unsigned number)
{
    struct region *region = region_at(area, number);

    if (region->previous != NONE)
        region_at(area, region->previous)->next = region->next;
    else
        books(area)->with_room[region->order] = region->next;
    if (region->next != NONE)
        region_at(area, region->next)->previous = region->previous;
}

/* First fit. @return the first of @p count unused regions in a row, NONE: there are none. */
static unsigned regions_find(struct area *area, unsigned count) REQUIRES(area->lock);
static unsigned regions_find(struct area *area, unsigned count)
{
    const uint64_t *used = books(area)->used;
    unsigned length = 0;

    for (unsigned number = 0; number < REGIONS; number++) {
        if (number % 64 == 0 && used[number / 64] == UINT64_MAX) {
            length = 0;
            number += 63;
        } else if (region_is_used(area, number)) {
            length = 0;
        } else if (++length == count) {
            return number - count + 1;
        }
    }
    return NONE;
}

/* Makes the tables of level 1 over the regions, which stay for good. */
static bool gigabytes_open(struct area *area, unsigned first, unsigned count)
{
    for (unsigned at = first / TABLE_ENTRIES; at <= (first + count - 1) / TABLE_ENTRIES; at++) {
        uint64_t *entry = &area->root[table_index(region_base(at * TABLE_ENTRIES), 2)];
        uint64_t *table;

        if (*entry)
            continue;
        table = table_new(1);
        if (!table)
            return false;
        entry_store(entry, entry_make(pointer_to_physical(table), ENTRY_VALID));
    }
    return true;
}

unsigned regions_take(struct area *area, unsigned count)
{
    struct area_books *b = books(area);
    unsigned first = regions_find(area, count);

    if (first == NONE || !gigabytes_open(area, first, count))
        return NONE;
    for (unsigned i = first; i < first + count; i++) {
        struct region *region = region_at(area, i);

        b->used[i / 64] |= 1ul << i % 64;
        region->order = REGION_RUN;
        region->next = (uint16_t)first;
    }
    return first;
}

void regions_give(struct area *area, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        region_at(area, i)->order = REGION_FREE;
        books(area)->used[i / 64] &= ~(1ul << i % 64);
    }
}

bool table_attach(struct area *area, unsigned number)
{
    uint64_t *table = table_new(0);

    if (!table)
        return false;
    entry_store(region_entry(area, number), entry_make(pointer_to_physical(table), ENTRY_VALID));
    return true;
}

void table_retire(struct area *area, unsigned number)
{
    uint64_t *entry = region_entry(area, number);

    if (*entry)
        entry_store(entry, (*entry & ~ENTRY_VALID) | ENTRY_DEAD);
}

/* The lock is for the page fault handler, which walks tables under it. */
void table_detach(struct area *area, unsigned number)
{
    OWN(spin_guard) guard = {0};
    uint64_t *entry = region_entry(area, number), old;

    spin_lock(&guard, &area->lock);
    old = *entry;
    entry_store(entry, 0);
    spin_unlock(&guard, &area->lock);
    if (old)
        table_free(entry_pointer(old), 0);
}
