/* Address space: who has which part of VM_AREA, and what lies at an address.
 *
 * The area is 32,768 regions of 2 MiB, the reach of one table of 4 KiB entries. A region serves
 * slots of 2^order pages, like a slab, or is part of a run of regions for a larger range. In a slot
 * or run the first page is the guard page, never mapped; it is also the upper guard of the range
 * before. So taking and giving a range of up to 255 pages is a few memory accesses whatever else is
 * mapped, and the tables of a region stay while the region serves (vm_drain() frees those that
 * nobody uses).
 *
 * The entry of a guard page is free for software, and says what the slot holds: the address of the
 * struct range, or the next free slot. Tables of level 1 come as a block of two frames: the 512
 * entries, then the struct region of each. So nothing here has a size of its own to run out of. */
#ifndef VM_AREA_H
#define VM_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/address.h"
#include "nucleus/spinlock.h"

#define REGION_PAGES 512u
#define REGIONS (VM_AREA_BYTES / MEGAPAGE_BYTES)
#define SLOT_ORDERS 9u /* slots of 2^1 .. 2^8 pages; index 0 unused */

/** A range of pages: set @p pages, then area_take() sets @p start. */
struct range {
    uint64_t start; /* behind the guard page */
    uint32_t pages;
};

/* The order of the slot for so many pages and a guard page; SLOT_ORDERS when they take a run of
 * regions. */
static inline unsigned area_order(uint32_t pages)
{
    unsigned order = 1;

    while (order < SLOT_ORDERS && 1u << order <= pages)
        order++;
    return order;
}

/* Whether so many pages take a run of regions, with tables of their own. */
static inline bool area_is_run(uint32_t pages)
{
    return area_order(pages) == SLOT_ORDERS;
}

struct area {
    uint64_t *root;
    struct spinlock lock;
    /* lock guards, besides the regions and the guard pages' entries: */
    struct area_books {
        uint64_t used[REGIONS / 64];     /* one bit a region */
        uint16_t with_room[SLOT_ORDERS]; /* by order: list of the regions that have a free slot */
    } books;
};

void area_init(struct area *area, uint64_t *root);
/** Finds room for @p range, and tables for all of it. @return false: no memory, no addresses. */
bool area_take(struct area *area, struct range *range);
/** Cuts off the tables of @p range, which is a run. Then fence, then give. */
void area_retire(struct area *area, const struct range *range);
/** Gives the room of @p range back. No entry of it is valid on any hart. */
void area_give(struct area *area, const struct range *range);
/** Copies the range at @p address. @return false: none is there. */
bool area_find(struct area *area, uint64_t address, struct range *range);
/** Frees the tables of regions that nobody uses. */
void area_drain(struct area *area);

#endif
