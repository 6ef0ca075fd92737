/* What the nucleus itself asks of the device tree, before there are cells (abi/nucleus/device_tree.h). */
#ifndef NUCLEUS_DT_H
#define NUCLEUS_DT_H

#include "nucleus/device_tree.h"
#include "nucleus/why.h"

/**
 * Checks the tree at @p blob, which must be aligned to 8 and may be read up to @p most bytes, from end
 * to end, and makes it the machine's; all readers rely on these checks and repeat none.
 * @return OK; ERR_FORMAT not a tree, or damaged; ERR_UNSUPPORTED its version; then nothing changes. Until
 * a tree is open readers find nothing.
 */
MUST_CHECK enum status dt_open(const void *blob, size_t most, struct why *why);
/** Ticks of `time` per second, looked up anew each time; 0: the tree does not say. */
uint64_t dt_timebase(void);

/* Ranges, numbered from 0; false past the last. Nodes whose status is not okay have none. */

/** RAM: `reg` of the children of the root with device_type "memory". */
bool dt_memory(unsigned index, uint64_t *base, uint64_t *bytes);
/** The memory reservation block, then `reg` of the children of /reserved-memory. */
bool dt_reserved(unsigned index, uint64_t *base, uint64_t *bytes);
/**
 * In general: `reg` of all usable nodes together that are children of @p parent ("": the root; NULL: anybody) and
 * whose property @p key lists @p value (NULL: or not).
 */
bool dt_range_find(const char *parent, const char *key, const char *value, unsigned index,
                   uint64_t *base, uint64_t *bytes);
/** The initial ramdisk that /chosen names. @return false: there is none, or its range is empty. */
bool dt_initrd(uint64_t *base, uint64_t *bytes);

#endif
