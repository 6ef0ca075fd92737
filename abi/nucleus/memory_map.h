/**
 * @file nucleus/memory_map.h What lies where in the direct map, and how it may be used: all that
 * the vm cell needs for its tables.
 */
#ifndef MITOS_NUCLEUS_MEMORY_MAP_H
#define MITOS_NUCLEUS_MEMORY_MAP_H

#include <stdbool.h>
#include <stdint.h>

enum memory_access {
    ACCESS_NONE, /* not the system's: firmware */
    ACCESS_R,    /* read-only data of the nucleus, arenas of cells' read-only data */
    ACCESS_RW,   /* data, all other RAM, devices */
    ACCESS_RX,   /* text of the nucleus, arenas of cells' text */
};

/**
 * A range of the direct map: virtual addresses, multiples of PAGE_BYTES (arenas: of
 * MEGAPAGE_BYTES).
 */
struct memory_range {
    uint64_t base, bytes;
    enum memory_access access;
};

/**
 * Range number @p index, from 0; ranges do not overlap: devices (the first GiB of physical addresses),
 * firmware, the nucleus' sections, all other RAM, arenas included. What no range covers is nothing and
 * stays unmapped. Constant after boot. @return false past the last.
 */
bool memory_map_get(unsigned index, struct memory_range *range);
/**
 * Arena number @p index: MEGAPAGE_BYTES of RAM that hold text or read-only data of cells. Later ones are
 * told by vm_arena_added() (vm.h). @return false past the last.
 */
bool memory_arena_get(unsigned index, void **base, bool *executable);

#endif
