/* Regions: 2 MiB of VM_AREA each, with their tables and books. For area.c and regions.c. */
#ifndef VM_REGIONS_H
#define VM_REGIONS_H

#include "area.h"
#include "tables.h"

#define NONE 0xffffu /* no region, no slot */

enum { REGION_FREE = 0, REGION_RUN = SLOT_ORDERS }; /* in between: the order of its slots */

/* What a region serves. Guarded by area.lock. */
struct region {
    uint16_t next, previous;       /* in the list of its order; in a run: next is its first */
    uint16_t free_slot;            /* the first of the free slots, or NONE */
    uint16_t order : 4, used : 12; /* used: slots that hold a range */
};

_Static_assert(sizeof(struct region) * TABLE_ENTRIES == PAGE_BYTES, "fill the second frame");

/* What the lock guards is reached through these two. */
static inline struct area_books *books(struct area *area) REQUIRES(area->lock);
static inline struct area_books *books(struct area *area)
{
    return &area->books;
}

static inline uint64_t region_base(unsigned number)
{
    return VM_AREA_BASE + number * MEGAPAGE_BYTES;
}

static inline unsigned region_number(uint64_t address)
{
    return (unsigned)((address - VM_AREA_BASE) / MEGAPAGE_BYTES);
}

/* The region's entry of level 1, which names its table. Its gigabyte has been opened. */
static inline uint64_t *region_entry(const struct area *area, unsigned number)
{
    uint64_t *table = entry_pointer(area->root[table_index(region_base(number), 2)]);

    return &table[number % TABLE_ENTRIES];
}

static inline struct region *region_at(struct area *area, unsigned number) REQUIRES(area->lock);
static inline struct region *region_at(struct area *area, unsigned number)
{
    return (struct region *)(region_entry(area, number - number % TABLE_ENTRIES) + TABLE_ENTRIES) +
           number % TABLE_ENTRIES;
}

static inline uint64_t *region_table(const struct area *area, unsigned number)
{
    return entry_pointer(*region_entry(area, number));
}

static inline bool region_is_used(struct area *area, unsigned number) REQUIRES(area->lock);
static inline bool region_is_used(struct area *area, unsigned number)
{
    return books(area)->used[number / 64] >> number % 64 & 1;
}

/** Enters the region into the list of its order, or takes it out. */
void region_list_enter(struct area *area, unsigned number) REQUIRES(area->lock);
void region_list_leave(struct area *area, unsigned number) REQUIRES(area->lock);

/** Takes @p count regions in a row, as a run without tables. @return the first, or NONE. */
unsigned regions_take(struct area *area, unsigned count) REQUIRES(area->lock);
void regions_give(struct area *area, unsigned first, unsigned count) REQUIRES(area->lock);

/** Gives a region an empty table. @return false: no memory. */
bool table_attach(struct area *area, unsigned number);
/** First half of taking a table away: no walk enters it from now on, but we find it. Then fence. */
void table_retire(struct area *area, unsigned number);
/** Second half: frees it. */
void table_detach(struct area *area, unsigned number);

#endif
