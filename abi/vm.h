/**
 * @file vm.h
 * Interface `vm`: the page tables (Sv39, RISC-V privileged specification 4.4). Provider: vm.
 *
 * Text of nucleus and cells is RX, their read-only data R, everything else RW and never executable.
 * A mapping is a range of VM_AREA with an unmapped guard page on each side.
 */
#ifndef MITOS_VM_H
#define MITOS_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "nucleus/address.h"
#include "own.h"
#include "status.h"

/** An owned range of mapped memory; the drop unmaps it on all harts and frees its frames. */
typedef struct LINEAR("mapping") mapping {
    struct mapping_object *object;
} mapping;

enum map_flags {
    MAP_READ = 0,        /* read-only */
    MAP_WRITE = 1u << 0, /* readable and writable */
    MAP_LAZY = 1u << 1,  /* frames come, zeroed, at the first touch (demand zero) */
    MAP_ZERO = 1u << 2,  /* frames are zeroed now; else their content is undefined */
    MAP_RESERVE = 1u << 3, /* the first page is left out, like a second guard page: see vm_reserve_open() */
};

/**
 * Maps @p bytes (rounded up to pages, 1 .. 1 GiB). Never sleeps.
 * @return false: no memory or address space. @p flags are enum map_flags, MAP_RESERVE not with MAP_LAZY; never
 * executable.
 */
bool mapping_map(mapping *m, size_t bytes, unsigned flags) TRY_MAKES(*m);
/** Maps @p bytes of device registers at @p base, page-aligned, uncached as the PMAs have it. */
bool mapping_map_device(mapping *m, paddr base, size_t bytes) TRY_MAKES(*m);
/** A second mapping of the same frames (all of them, lazy ones too, are present then). They are freed
 *  with the last of the mappings. @return false: no memory, or a page of @p of is left out (MAP_RESERVE). */
bool mapping_share(mapping *m, const mapping *of, unsigned flags) TRY_MAKES(*m) BORROWS(*of);
/** Unmaps on all harts (no fence when only one runs), then frees what no other mapping shares. */
void mapping_drop(mapping *m) TAKES(*m) OR_NOTHING;
void mapping_unwind(mapping *m) UNCHECKED;

/** Where it begins. */
void *mapping_address(const mapping *m) BORROWS(*m);
/** Its size, a multiple of PAGE_BYTES. */
size_t mapping_bytes(const mapping *m) BORROWS(*m);
/** Makes the range read-only (MAP_READ) or writable (MAP_WRITE), on all harts when it returns. */
void mapping_protect(mapping *m, unsigned flags) BORROWS_MUT(*m);

/** What lies at @p address: a mapping's start and size. @return ERR_NOT_FOUND. */
MUST_CHECK enum status vm_describe(const void *address, void **start, size_t *bytes);

struct vm_stats {
    uint64_t mappings, mapped_pages, page_tables, faults_served, shootdowns;
};
/** What all mappings come to now, and what was done since boot. */
void vm_stats(struct vm_stats *stats);

/** Gives empty page tables and cached objects back, so that figures can be compared. After task_drain(),
 *  before heap_drain() and frame_drain(). */
void vm_drain(void);

/**
 * For the nucleus (hook): a page fault of a load or store at @p address. @return true when it is served:
 * try again. Not for instruction fetches: nothing here is executable, and the answer to a fetch from a
 * page that is present would be to try again for ever.
 */
bool vm_page_fault(uint64_t address, bool store) REQUIRES(irqs_off);
/** For the nucleus (hook): puts a zeroed frame behind the page at @p address, if it is one that MAP_RESERVE left
 *  out. @return false: it is none, or there is no memory. */
bool vm_reserve_open(uint64_t address) REQUIRES(irqs_off);
/** For the nucleus (hook): a new arena of 2 MiB at @p base: text (executable) or read-only data. */
void vm_arena_added(void *base, bool executable);

#endif
