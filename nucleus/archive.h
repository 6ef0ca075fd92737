/* The boot archive: cpio in the newc format (cpio(5), "New ASCII Format"), used where it lies.
 *
 * Its file `mitos.index`, written by pack, says who provides what. It is text:
 *
 *     mitos-index 1
 *     boot CELL              the boot set, in order
 *     default IFACE CELL     the cell that is loaded for an interface
 *     symbol NAME CELL       sorted by NAME as bytes, each once, after all other lines
 *
 * A cell CELL is the file CELL.cell. */
#ifndef NUCLEUS_ARCHIVE_H
#define NUCLEUS_ARCHIVE_H

#include "nucleus/cells.h"

/**
 * Checks the archive and its index from end to end and makes it the one that the functions below and
 * archive_get() read; they rely on these checks. It stays in memory, unchanged, for ever.
 * @return OK; ERR_FORMAT; then these functions find nothing.
 */
MUST_CHECK enum status archive_open(const void *bytes, size_t length, struct why *why);

/** The regular file @p name; @p bytes points into the archive. */
bool archive_file(const char *name, const void **bytes, size_t *length);
/** Copies the name of the cell that provides @p symbol into @p cell. @return false: none does. */
bool archive_symbol_provider(const char *symbol, char cell[CELL_NAME_ROOM]);
/** The same for the default provider of interface @p interface. */
bool archive_interface_default(const char *interface, char cell[CELL_NAME_ROOM]);
/** The same for number @p index of the boot set. @return false: past the last. */
bool archive_boot_set(unsigned index, char cell[CELL_NAME_ROOM]);

#endif
