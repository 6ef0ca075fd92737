/* The flattened device tree (Devicetree Specification 0.4, chapter 5): what only the nucleus asks of it.
 * The readers for everyone stand in abi/nucleus/machine.h. */
#ifndef NUCLEUS_DT_H
#define NUCLEUS_DT_H

#include "nucleus/machine.h"
#include "nucleus/why.h"

/**
 * Checks the tree at @p blob, which must be aligned to 8 and may be read up to @p most bytes, from end
 * to end, and makes it the tree that all readers use; they rely on these checks and repeat none.
 * @return OK; ERR_FORMAT not a tree, or damaged; ERR_UNSUPPORTED its version; then nothing changes. Until
 * a tree is open readers find nothing.
 */
MUST_CHECK enum status dt_open(const void *blob, size_t most, struct why *why);
/** The length of the open tree in bytes. */
size_t dt_bytes(void);
/** Ticks of `time` per second, looked up anew each time; 0: the tree does not say. */
uint64_t dt_timebase(void);

/** The first child of @p node, or the next one behind child *@p after. @return false: there is none. */
bool dt_child(dt_node node, const dt_node *after, dt_node *child);
/** Whether the node's `status`, if it has one, is okay. */
bool dt_usable(dt_node node);
/** dt_reg() for who knows the parent. */
bool dt_reg_within(dt_node parent, dt_node node, unsigned index, uint64_t *base, uint64_t *bytes);
/** Entry number @p index of the memory reservation block. @return false: past the last. */
bool dt_reservation(unsigned index, uint64_t *base, uint64_t *bytes);

/* Ranges, numbered from 0; false past the last. */

/** RAM: `reg` of the nodes whose device_type is "memory". */
bool dt_memory(unsigned index, uint64_t *base, uint64_t *bytes);
/** The memory reservation block, then `reg` of the children of /reserved-memory. */
bool dt_reserved(unsigned index, uint64_t *base, uint64_t *bytes);
/** The initial ramdisk, by /chosen. @return false: there is none, or its range is empty. */
bool dt_initrd(uint64_t *base, uint64_t *bytes);
/** The node of usable hart number @p index: children of /cpus with device_type "cpu". */
bool dt_hart_node(unsigned index, dt_node *node);
/** The hardware id of that hart. */
bool dt_hart(unsigned index, uint64_t *hartid);

#endif
