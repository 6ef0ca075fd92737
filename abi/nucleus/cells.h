/**
 * @file nucleus/cells.h
 * The cell table: load, unload, look. Used by the shell's commands; the mechanism is the nucleus'.
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
 * Loads cell @p name from the boot archive with everything that it needs, as one transaction: either
 * all are loaded, linked and started, or nothing has changed and @p why names the chain.
 * @return OK; ERR_EXISTS loaded already, or another provider of its interface is; ERR_NOT_FOUND no such
 * file; ERR_FORMAT; ERR_UNSUPPORTED a relocation or section; ERR_LINK; ERR_NOMEM; ERR_INIT; ERR_FAULT
 * init or start faulted; ERR_BUSY another transaction runs.
 */
MUST_CHECK enum status cell_load(const char *name, struct why *why) REQUIRES(may_park);
/** The same from an object in memory, which is copied. @p name is for messages. */
MUST_CHECK enum status cell_load_image(const char *name, const void *image, size_t bytes,
                                       struct why *why) REQUIRES(may_park);
/**
 * Removes a cell on which no other depends. Its stop() is called first.
 * @return ERR_NOT_FOUND; ERR_BUSY other cells call it (they are named), a task runs in it, an object of
 * its kinds lives, or its stop() refused.
 */
MUST_CHECK enum status cell_unload(const char *name, struct why *why) REQUIRES(may_park);

/** What `cells` and `cell NAME` show; a copy. */
struct cell_info {
    char name[CELL_NAME_ROOM];
    char version[16];
    char summary[120];
    char provides[64];
    uint64_t text, text_bytes, rodata, rodata_bytes, state, state_bytes;
    unsigned exports, imports, sites, stubs, users; /* users: cells that depend on it */
    bool boot; /* part of the boot set */
};
/** Cell number @p index in order of load. @return false past the last. */
bool cell_get(unsigned index, struct cell_info *info);
bool cell_find(const char *name, struct cell_info *info);
/** The name of a cell, "nucleus" for NULL. Valid while the cell is loaded. */
const char *cell_name(const struct cell *cell);

/** One section of a cell's object as it lies in memory. */
struct section_info {
    char name[40];
    uint64_t address, bytes;
    char access[4]; /* "rx", "r", "rw" */
};
bool cell_section(const char *cell, unsigned index, struct section_info *info);

/** One import of a cell: a symbol and who provides it. */
struct import_info {
    char symbol[SYMBOL_NAME_ROOM];
    char provider[CELL_NAME_ROOM]; /* a cell, or "nucleus" */
    unsigned sites;                /* places in the text that call or refer to it */
};
bool cell_import(const char *cell, unsigned index, struct import_info *info);

/** A symbol: an exported function, or (private set) a static one of a cell. */
struct symbol_info {
    char name[SYMBOL_NAME_ROOM];
    char cell[CELL_NAME_ROOM];
    uint64_t address, bytes;
    bool exported;
};
/** Export number @p index of the table (nucleus first, then cells in order of load). */
bool symbol_get(unsigned index, struct symbol_info *info);
bool symbol_find(const char *name, struct symbol_info *info);
/** The function that holds @p address, private ones too. @return false: not in any text. */
bool symbol_at(uint64_t address, struct symbol_info *info);

/** A file of the boot archive. @return false past the last. */
bool archive_get(unsigned index, const char **name, const void **bytes, size_t *length);

#endif
