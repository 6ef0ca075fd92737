/**
 * @file nucleus/cells.h
 * Cells as the shell's commands see them: load, unload, which function an address is.
 * More of what is loaded: inspect.h.
 *
 * One transaction runs at a time (a sleeping lock), so these may park, except the readers, which take
 * a spinlock and copy out.
 */
#ifndef MITOS_NUCLEUS_CELLS_H
#define MITOS_NUCLEUS_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"
#include "why.h"

#define CELL_NAME_ROOM 32
#define SYMBOL_NAME_ROOM 64

struct cell;

/**
 * Loads cell @p name with everything that it needs, as one transaction: either all are loaded, linked and started,
 * or nothing has changed and @p why names the chain. @p image is its object, which must not change during the call
 * and is not needed after it; NULL: that of the boot archive. The name is the cell's, as in its manifest.
 * @return OK; ERR_EXISTS loaded already, or another provider of its interface is; ERR_NOT_FOUND no such
 * file; ERR_FORMAT; ERR_UNSUPPORTED a relocation or section; ERR_LINK; ERR_NOMEM; ERR_INIT; ERR_FAULT
 * init or start faulted; ERR_BUSY another transaction runs.
 */
MUST_CHECK enum status cell_load_image(const char *name, const void *image, size_t bytes,
                                       struct why *why) REQUIRES(may_park);
/** The same from the boot archive. */
MUST_CHECK static inline enum status cell_load(const char *name, struct why *why) REQUIRES(may_park);
static inline enum status cell_load(const char *name, struct why *why)
{
    return cell_load_image(name, NULL, 0, why);
}
/**
 * Removes a cell on which no other depends. Its stop() is called first.
 * @return ERR_NOT_FOUND; ERR_BUSY other cells call it (they are named), a task runs in it, an object of
 * its kinds lives, or its stop() refused; ERR_FAULT its stop() faulted. Then the cell stays.
 */
MUST_CHECK enum status cell_unload(const char *name, struct why *why) REQUIRES(may_park);

/** Looks again whether something points into cells that were replaced (swap.h), and frees those where nothing
 *  does, as the end of each load, unload and swap does. @return ERR_BUSY another transaction runs. */
enum status cells_drain(void) REQUIRES(may_park);

/** The name of a cell, "nucleus" for NULL. Valid while the cell is loaded. */
const char *cell_name(const struct cell *cell);

/** A symbol: an exported function, or (private set) a static one of a cell. */
struct symbol_info {
    char name[SYMBOL_NAME_ROOM];
    char cell[CELL_NAME_ROOM];
    uint64_t address, bytes;
    bool exported;
    bool zombie; /* of a version that was replaced */
};

/**
 * Regular file number @p index of the boot archive, of those called @p wanted (NULL: of all); name and bytes are
 * those in the archive. @return false past the last.
 */
bool archive_get(const char *wanted, unsigned index, const char **name, const void **bytes,
                 size_t *length);

#endif
