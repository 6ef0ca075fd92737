/**
 * @file devicetree.h
 * Interface `devicetree`: the machine as the flattened device tree tells it (Devicetree Specification 0.4).
 *
 * The tree stays in memory; what is returned points into it and lives for ever. None sleeps.
 */
#ifndef MITOS_DEVICETREE_H
#define MITOS_DEVICETREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/address.h"
#include "nucleus/device_tree.h"

/** The first node after @p after (NULL: from the start) whose `compatible` list holds @p compatible and
 *  whose `status`, if any, is okay. */
bool dt_find_compatible(const char *compatible, const dt_node *after, dt_node *found);
/** The node at an absolute path, "/chosen"; unit addresses may be left out where unambiguous. */
bool dt_find_path(const char *path, dt_node *found);
/** The first node with `phandle` @p phandle. */
bool dt_find_phandle(uint32_t phandle, dt_node *found);
/** The first child of @p node, or the next one behind child *@p after. @return false: there is none. */
bool dt_child(dt_node node, const dt_node *after, dt_node *child);
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
/** Whether every hart's riscv,isa names @p extension ("sstc"). */
bool machine_has_isa(const char *extension);

#endif
