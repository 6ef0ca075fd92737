/* The page tables: entries of Sv39 (RISC-V privileged specification 4.3.1 and 4.4.1), and the walk.
 *
 * There is one address space, so one root. In a valid entry A and D are set from the start:
 * hardware never writes an entry. No entry is global: the nucleus switches a hart to its boot table
 * for stores to text, and a global translation would outlive that switch.
 *
 * An entry that is not valid belongs to software. Bits 8 and 9 (RSW) say what it is:
 *
 *     ENTRY_LAZY  the flags that the entry will have once a frame is there (demand zero)
 *                 none of them: a page that MAP_RESERVE left out
 *     ENTRY_DEAD  was valid; the frame number is still there until its frame has been freed
 *     ENTRY_SLOT  guard page of a free slot; the frame number field holds the next free slot
 *     none        nothing, or a guard page that names its range (area.c)
 */
#ifndef VM_TABLES_H
#define VM_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/address.h"
#include "nucleus/frame.h"
#include "nucleus/memory_map.h"

#define ENTRY_VALID (1ul << 0)
#define ENTRY_READ (1ul << 1)
#define ENTRY_WRITE (1ul << 2)
#define ENTRY_EXECUTE (1ul << 3)
#define ENTRY_ACCESSED (1ul << 6)
#define ENTRY_DIRTY (1ul << 7)
#define ENTRY_LAZY (1ul << 8)
#define ENTRY_DEAD (2ul << 8)
#define ENTRY_SLOT (3ul << 8)
#define ENTRY_SOFTWARE (3ul << 8)
#define ENTRY_RESERVE ENTRY_LAZY
#define ENTRY_RIGHTS (ENTRY_READ | ENTRY_WRITE | ENTRY_EXECUTE)

/* Flags of a leaf. A valid entry without any right names a table. */
#define LEAF_READ (ENTRY_READ | ENTRY_ACCESSED | ENTRY_DIRTY)
#define LEAF_WRITE (LEAF_READ | ENTRY_WRITE)
#define LEAF_EXECUTE (LEAF_READ | ENTRY_EXECUTE)

#define TABLE_ENTRIES 512u

static inline uint64_t entry_make(paddr frame, uint64_t flags)
{
    return frame.value >> PAGE_SHIFT << 10 | flags;
}

/* The frame, whatever the flags say. Bits 63..54 are reserved and zero. */
static inline paddr entry_frame(uint64_t entry)
{
    return (paddr){entry >> 10 << PAGE_SHIFT};
}

static inline void *entry_pointer(uint64_t entry)
{
    return physical_to_pointer(entry_frame(entry));
}

static inline bool entry_is_lazy(uint64_t entry)
{
    return (entry & (ENTRY_VALID | ENTRY_SOFTWARE)) == ENTRY_LAZY;
}

static inline uint64_t entry_load(const uint64_t *entry)
{
    return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
}

/* What the entry points at must be complete before another hart's walk can see it: release. */
static inline void entry_store(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static inline bool entry_replace(uint64_t *entry, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(entry, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Gives a lazy entry its frame, the cleared @p page. @return false: it is not lazy (any more). */
static inline bool entry_fill(uint64_t *entry, const void *page)
{
    uint64_t old = entry_load(entry);

    return entry_is_lazy(old) && entry_replace(entry, old,
                                               entry_make(pointer_to_physical(page),
                                                          (old & ~ENTRY_SOFTWARE) | ENTRY_VALID));
}

/* Index into the table of @p level (2: root, 0: the one with 4 KiB leaves). */
static inline size_t table_index(uint64_t address, unsigned level)
{
    return address >> (PAGE_SHIFT + 9 * level) & (TABLE_ENTRIES - 1);
}

/**
 * The 4 KiB entry of @p address, or NULL where no table is. Entries of upper levels are followed
 * when they are dead, too: that is how a retired table is found again (area.h).
 */
static inline uint64_t *table_entry(const uint64_t *root, uint64_t address)
{
    uint64_t entry = entry_load(&root[table_index(address, 2)]);

    if (!entry)
        return NULL;
    entry = entry_load((uint64_t *)entry_pointer(entry) + table_index(address, 1));
    if (!entry)
        return NULL;
    return (uint64_t *)entry_pointer(entry) + table_index(address, 0);
}

/** A cleared block of 2^@p order frames for tables, or NULL; and its end. */
uint64_t *table_new(unsigned order);
void table_free(uint64_t *table, unsigned order);

/** The table of the direct map, by what memory_map.h says; NULL: no memory. */
uint64_t *direct_map_new(void);
/** Frees what direct_map_new() made. No hart uses it any more. */
void direct_map_free(uint64_t *root);
/** Gives the 2 MiB at @p base, RAM so far, the rights of an arena. The caller fences. */
void direct_map_arena(uint64_t *root, uint64_t base, bool executable);

#endif
