/**
 * @file nucleus/machine.h
 * The machine as the flattened device tree tells it (Devicetree Specification 0.4), and its end.
 *
 * The tree stays in memory; what is returned points into it and lives for ever. Readers never sleep.
 */
#ifndef MITOS_NUCLEUS_MACHINE_H
#define MITOS_NUCLEUS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../status.h"
#include "address.h"

/** A node of the tree: the offset of its FDT_BEGIN_NODE in the structure block; 0 is the root. */
typedef struct {
    uint32_t offset;
} dt_node;

/** The first node after @p after (NULL: from the start) whose `compatible` list holds @p compatible and
 *  whose `status`, if any, is okay. */
bool dt_find_compatible(const char *compatible, const dt_node *after, dt_node *found);
/** The node at an absolute path, "/chosen"; unit addresses may be left out where unambiguous. */
bool dt_find_path(const char *path, dt_node *found);
/** The first node with `phandle` @p phandle. */
bool dt_find_phandle(uint32_t phandle, dt_node *found);
/** A property's bytes (big-endian, unaligned). @return false: the node has none of that name. */
bool dt_property(dt_node node, const char *name, const void **bytes, size_t *length);
/** Cell number @p index (32 bits) of a property. */
bool dt_u32(dt_node node, const char *name, unsigned index, uint32_t *value);
/** A property that is one NUL-terminated string; NULL when absent or malformed. */
const char *dt_string(dt_node node, const char *name);
/** Range number @p index of `reg`, by the parent's #address-cells and #size-cells. */
bool dt_reg(dt_node node, unsigned index, paddr *base, uint64_t *bytes);

/** What follows `-append`; "" when nothing. */
const char *machine_bootargs(void);
/** The value of `KEY=` in the bootargs up to the next space, or, for `run=`, up to the end.
 *  NULL: none, or it does not fit into @p bytes with its NUL. */
const char *machine_bootarg(const char *key, char *room, size_t bytes);
/** Ticks of hart_ticks() per second. */
uint64_t machine_timebase(void);
/** Whether every hart's riscv,isa names @p extension ("sstc"). */
bool machine_has_isa(const char *extension);
/** RAM in bytes. */
uint64_t machine_ram_bytes(void);

/**
 * What the firmware says of itself (SBI 1.0, chapter 4): @p function 0 specification version (major from
 * bit 24 on, minor below), 1 implementation id, 2 implementation version, 3 whether it has the extension
 * @p argument (0: no). The others ignore it.
 */
long machine_sbi(unsigned function, uint64_t argument);

/** Ends the machine: QEMU exits with @p status (0..127). */
_Noreturn void machine_exit(unsigned status);
/** Stops with a report: for states that must not occur. Names the caller's cell. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Instructions of the boot hart from the firmware's hand-over until a person could type, for `bench`. The
 * shell says that now is that moment: @p ready, the first time. @return 0 before.
 */
uint64_t machine_boot_cost(bool ready);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            panic("%s:%d: assertion failed: %s", __FILE_NAME__, __LINE__, #condition);             \
    } while (0)

#endif
