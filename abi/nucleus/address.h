/**
 * @file nucleus/address.h
 * Physical and virtual addresses, which are different types so that mixing them does not compile.
 *
 * All RAM and devices are mapped in the upper half at a constant distance (the direct map); a virtual
 * address in it is an ordinary pointer. The lower half is never mapped: a NULL or small-integer
 * pointer faults (RISC-V privileged specification, Sv39: bits 63..39 equal bit 38).
 */
#ifndef MITOS_NUCLEUS_ADDRESS_H
#define MITOS_NUCLEUS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A physical address, in bytes. */
typedef struct {
    uint64_t value;
} paddr;

#define PAGE_BYTES 4096ul
#define PAGE_SHIFT 12
#define MEGAPAGE_BYTES (2ul << 20)
#define GIGAPAGE_BYTES (1ul << 30)

#ifdef MITOS_HOST
/* On the host "physical memory" is an array of the test, and the distance is zero. */
#define DIRECT_MAP_BASE 0ul
#else
/** VA = PA + DIRECT_MAP_BASE for the first 128 GiB of physical addresses. */
#define DIRECT_MAP_BASE 0xffffffc000000000ul
#endif
#define DIRECT_MAP_BYTES (128ul << 30)
/** The upper 128 GiB belong to the provider of the vm interface: stacks, mappings. */
#define VM_AREA_BASE 0xffffffe000000000ul
#define VM_AREA_BYTES (64ul << 30)

/** Its place in the direct map: only for addresses below DIRECT_MAP_BYTES. */
static inline void *physical_to_pointer(paddr pa)
{
    return (void *)(pa.value + DIRECT_MAP_BASE);
}

/** Only for pointers into the direct map. */
static inline paddr pointer_to_physical(const void *pointer)
{
    return (paddr){(uint64_t)(uintptr_t)pointer - DIRECT_MAP_BASE};
}

/** The least multiple of @p power_of_two that is not below @p value. */
static inline uint64_t align_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

#endif
