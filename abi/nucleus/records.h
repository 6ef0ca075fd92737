/**
 * @file nucleus/records.h
 * The nucleus' records of cells: what the loader knows, for those who show or explain it.
 *
 * Written by the nucleus alone, within a transaction. Read them in a visit only (cells_visit()), which
 * holds the lock of the cell table: copy out what is to stay. Most readers want inspect.h instead.
 */
#ifndef MITOS_NUCLEUS_RECORDS_H
#define MITOS_NUCLEUS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "list.h"

/** An exported function, in the symbol table's hash. */
struct symbol {
    struct symbol *next; /* in its bucket */
    const char *name;    /* lives as long as the symbol */
    uint64_t address;
    uint64_t signature; /* of its prototype (docs/evolution.md); 0: none is known */
    uint32_t bytes;
    struct cell *cell; /* NULL: the nucleus */
};

/** What becomes of a section of an object. All but IGNORED are loaded. */
enum section_class {
    SECTION_IGNORED,  /* not SHF_ALLOC, or writable and empty */
    SECTION_TEXT,     /* executable */
    SECTION_RODATA,   /* .rodata*, .eh_frame, .gcc_except_table, notes */
    SECTION_STATE,    /* .cell.state: zeroed, has no bytes of its own */
    SECTION_MANIFEST, /* .cell.manifest */
    SECTION_SET,      /* .cell.set.NAME */
};

/** A checked copy of a cell's struct cell_manifest. */
struct manifest {
    char name[CELL_NAME_ROOM];
    char version[16];
    char summary[120];
    char provides[64];
    /* Addresses of the cell's own functions; 0: none. Names follow struct cell_manifest. */
    uint64_t init, start, stop, check;
};

#define STUB_BYTES 8u
#define STUB_LOST 1u /* a successor that is none */

/** The one address that a function pointer ever has: a jump in text, patched when the function moves. */
struct stub {
    struct list link;  /* in its cell's stubs */
    uint64_t address;  /* of the jump */
    uint64_t function; /* where it leads */
    uint64_t successor; /* where it will lead, if the swap succeeds that is under way */
    uint32_t uses;     /* other cells that took the address */
    bool own;          /* its cell took it, too */
    /* Of a function that the cell which serves now lacks: calls end the caller, by this name. */
    char lost[SYMBOL_NAME_ROOM], lost_file[CELL_NAME_ROOM];
};

/** A function that the cell calls or takes the address of and does not define. */
struct import {
    const char *name;
    const struct symbol *symbol; /* the provider's export; its cell is NULL for the nucleus */
    const struct symbol *successor; /* in the swap under way, what it will be bound to; NULL: it stays */
    struct stub *stub;           /* when its address is taken and a cell provides it */
    uint64_t signature;          /* of the prototype by which it is called */
    uint32_t sites;              /* relocations that refer to it */
};

/** One place that refers to another cell's function: an edge of the dependency graph. */
struct site {
    uint64_t address;
    int64_t addend;
    uint32_t type; /* R_RISCV_* */
    uint32_t import;
};

/** Section number i of the object, entry 0 included. All zero: it is not loaded. */
struct section {
    const char *name; /* lives as long as the cell */
    uint64_t address; /* its final one */
    uint32_t bytes;   /* at most ELF_MAX_BYTES */
    enum section_class class;
    uint8_t *staging; /* while it is linked, a copy of its bytes, aligned like it, relocated in place; NULL for state */
};

/** One of the three pieces of memory that a cell is in. */
struct cell_block {
    uint8_t *base; /* NULL: the cell has none */
    size_t bytes;
};

struct cell {
    struct list link; /* in the table */
    struct manifest manifest;
    bool live; /* committed; until then only its transaction sees it */
    bool boot; /* part of the boot set */
    bool kept; /* replaced; serves again if its successor, which is on probation, fails */
    bool zombie; /* replaced; its text is poisoned, its memory is freed once nothing points into it */
    const uint64_t *holder; /* the word that leads into a zombie, as found last; NULL: nobody looked, or not to the end. Cell reclaim's */
    struct cell_block text;
    struct cell_block rodata;
    struct cell_block state;
    struct symbol *exports;
    struct import *imports;
    struct site *sites;
    struct section *sections; /* by their number in the object */
    const struct elf_symbol *symbols; /* of the object (nucleus/object.h), with their names */
    const char *symbol_names;
    const void *object; /* as it was loaded from; sections that are not loaded (types_object.h) are read here */
    size_t object_bytes;
    uint32_t export_count, import_count, site_count, section_count, symbol_count;
    struct list stubs; /* of its functions */
    /* What it says of its layouts (evolve.h): in its read-only data, not checked; and the signature of its state. */
    const struct kind_type *kinds;
    const struct migration *migrations;
    uint32_t kind_count, migration_count;
    uint64_t state_signature;
};

/** Where the nucleus calls a cell (nucleus/hooks.h). */
struct hook {
    const char *name;
    uint64_t *slot; /* the function to call: a default of the nucleus, or a cell's */
    uint64_t fallback;
    uint64_t after;          /* what acts when a fault has cut the function short */
    const struct cell *cell; /* NULL: the default */
    uint64_t function;       /* the cell's that was bound last */
    uint32_t faults;         /* that cut it short since then */
    uint32_t faults_most;    /* with so many the default takes its place; 0: never */
};

/**
 * Calls @p visit for each cell, also those that are not live yet, or not any more, until it returns false. In
 * order of load, but a version is next to the one that it replaces. The table is locked: the visitor may begin
 * another visit, and calls nothing else that takes its lock.
 */
void cells_visit(bool (*visit)(const struct cell *cell, void *argument), void *argument);
/** Export number @p index of the nucleus, or NULL past the last. Never changes. */
const struct symbol *nucleus_export(unsigned index);
/** Hook number @p index, or NULL past the last. */
const struct hook *nucleus_hook(unsigned index);
/** Whether @p user imports a function of @p cell. In a visit. */
static inline bool cell_uses(const struct cell *user, const struct cell *cell)
{
    for (uint32_t i = 0; i < user->import_count; i++) {
        if (user->imports[i].symbol->cell == cell)
            return true;
    }
    return false;
}

#endif
