/* The boot archive: cpio in the newc format (cpio(5), "New ASCII Format"), used where it lies.
 *
 * Its file `mitos.index`, written by pack, says who provides what. It is text: the line "mitos-index 2", then lines
 * "KEY CELL", sorted by KEY as bytes, each KEY once. KEY is
 *
 *     NAME             of a function that CELL exports
 *     default.IFACE    CELL is loaded for the interface IFACE
 *     boot.00          CELL is the first of the boot set; boot.01 the next, and so on
 *
 * No function has a dot in its name. A cell CELL is the file CELL.cell; FOLDER/CELL.cell is another version of it,
 * which the index does not know. */
#ifndef NUCLEUS_ARCHIVE_H
#define NUCLEUS_ARCHIVE_H

#include "nucleus/cells.h"

/**
 * Checks the archive and its index from end to end and makes it the one that archive_provider() and
 * archive_get() read; they rely on these checks. It stays in memory, unchanged, for ever.
 * @return OK; ERR_FORMAT; then these functions find nothing.
 */
MUST_CHECK enum status archive_open(const void *bytes, size_t length, struct why *why);

/** Copies the name of the cell that the index has for @p key into @p cell. @return false: none. */
bool archive_provider(const char *key, char cell[CELL_NAME_ROOM]);

#endif
