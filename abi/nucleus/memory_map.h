/**
 * @file nucleus/memory_map.h What lies where in physical memory and in the direct map: all that the vm
 * cell needs for its tables. What of RAM lies below the nucleus, in its range, is the firmware's; devices
 * are the first GiB of physical addresses.
 */
#ifndef MITOS_NUCLEUS_MEMORY_MAP_H
#define MITOS_NUCLEUS_MEMORY_MAP_H

#include <stdbool.h>
#include <stdint.h>

/** RAM range number @p index, from 0, by physical address. @return false past the last. */
bool dt_memory(unsigned index, uint64_t *base, uint64_t *bytes);

/** Where the nucleus' sections begin, in this order: virtual addresses, multiples of PAGE_BYTES. Behind its
 *  data the rest of the RAM range follows. */
struct memory_image {
    uint64_t text, rodata, data;
};
/** Where this nucleus lies. */
struct memory_image memory_image(void);
/**
 * Arena number @p index: MEGAPAGE_BYTES of RAM that hold text or read-only data of cells. Later ones are
 * told by vm_arena_added() (vm.h). @return false past the last.
 */
bool memory_arena_get(unsigned index, void **base, bool *executable);

#endif
