/* Stands in for nucleus/address.h, by its include guard, to switch a rule off: a physical address is a pointer
 * like any other. */
#ifndef MITOS_NUCLEUS_ADDRESS_H
#define MITOS_NUCLEUS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *paddr;

#define PAGE_BYTES 4096ul
#define physical_to_pointer(pa) (pa)
#define pointer_to_physical(pointer) (pointer)

#endif
