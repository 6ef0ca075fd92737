/* Cells in memory, and a transaction that loads some: the structures behind abi/nucleus/cells.h.
 *
 * One transaction runs at a time (transaction_begin()); it alone changes cells. The table's spinlock
 * guards what others read meanwhile: the list, the symbol table, the sets. */
#ifndef NUCLEUS_CELL_PRIVATE_H
#define NUCLEUS_CELL_PRIVATE_H

#include "cell.h"
#include "link.h"
#include "manifest.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "symbols.h"

#define TRANSACTION_MAX_CELLS 64u

/** The one address that a function pointer ever has: a jump in text, patched when the function moves. */
struct stub {
    struct list link;  /* in its cell's stubs */
    uint64_t address;  /* of the jump */
    uint64_t function; /* where it leads */
    uint32_t uses;     /* cells that took the address */
};

/** A function that the cell calls or takes the address of and does not define. */
struct import {
    const char *name;
    const struct symbol *symbol; /* the provider's export; its cell is NULL for the nucleus */
    struct stub *stub;           /* when its address is taken and a cell provides it */
    uint32_t sites;              /* relocations that refer to it */
    bool addressed;
};

/** One place that refers to another cell's function: an edge of the dependency graph. */
struct site {
    uint64_t address;
    int64_t addend;
    uint32_t type; /* R_RISCV_* */
    uint32_t import;
};

/** A function of the cell's text, static ones included. */
struct function {
    const char *name;
    uint32_t offset, bytes; /* in the text block */
    bool exported;
};

struct section {
    char name[40];
    uint64_t address, bytes;
    char access[4];
    enum section_class class;
    uint8_t *entries; /* of a set: a copy, for set_get() */
};

struct cell {
    struct list link; /* in the table, in order of load */
    struct manifest manifest;
    bool live; /* committed; until then only its transaction sees it */
    bool boot;
    uint8_t *text, *rodata, *state;
    size_t text_bytes, rodata_bytes, state_bytes;
    /* one allocation, `tables`, holds all that follows up to the stubs */
    void *tables;
    char *strings;
    struct symbol *exports;
    struct function *functions;
    struct import *imports;
    struct site *sites;
    struct section *sections;
    uint32_t export_count, function_count, import_count, site_count, section_count;
    struct list stubs;
    uint32_t stub_count;
    struct unit *unit; /* while its transaction runs */
};

/** What a symbol of the object turned into. */
struct symbol_slot {
    uint32_t import;   /* index, for undefined symbols */
    struct stub *stub; /* for functions whose address is taken */
};

/** A cell on its way in. Freed when the transaction ends. */
struct unit {
    struct list link; /* in transaction.units */
    struct cell *cell;
    char name[CELL_NAME_ROOM];  /* as asked for; the manifest must agree */
    struct unit *needed_by;     /* NULL: asked for by the user */
    void *copy;                 /* of the object, when it had to be moved or was not ours */
    struct elf_image image;
    struct symbol_slot *slots;     /* per symbol of the object */
    struct link_section *sections; /* per section */
    uint8_t *staging;
    uint32_t references; /* relocations against undefined symbols */
    bool initialised, committed, started, ordered;
};

struct transaction {
    enum cell_reason reason;
    struct list units;  /* in the order in which they were found */
    struct unit *order[TRANSACTION_MAX_CELLS]; /* providers first */
    unsigned count, ordered;
    struct why *why;
};

struct cell_table {
    struct spinlock lock;
    /* lock guards: */
    struct list cells_;
};
extern struct cell_table cell_table;

static inline struct list *table_cells(void) REQUIRES(cell_table.lock);
static inline struct list *table_cells(void)
{
    return &cell_table.cells_;
}

/** Kinds of the loader: records of fixed size and buffers. */
extern struct kind *cell_kind, *unit_kind, *stub_kind, *buffer_kind;

/* cell_table.c */
void cell_table_init(void);
struct cell *cell_lookup(const char *name) REQUIRES(cell_table.lock);
/** symbol_lookup() under the table's lock. The symbol stays while the transaction lasts. */
const struct symbol *symbol_lookup_locked(const char *name);
/** Unlocked search, for reports when nothing can be trusted. */
bool symbol_at_unlocked(uint64_t address, struct symbol_info *info);
/** Enters the symbols that the nucleus exports. */
void nucleus_exports_init(void);
/** Export number @p index, or NULL past the last. */
const struct symbol *nucleus_export(unsigned index);
unsigned nucleus_export_count(void);
/** The nearest exported function at or below @p address; its size is not known (0). */
bool nucleus_function_at(uint64_t address, struct symbol_info *info);

/* cell_info.c */
/** Copies the name of user number @p index of @p cell. @return false past the last. */
bool cell_used_by(const struct cell *cell, unsigned index, char name[CELL_NAME_ROOM])
    REQUIRES(cell_table.lock);

/* unit.c: from an object to a unit whose tables are made */
enum status unit_open(struct transaction *transaction, struct unit *unit, const void *object,
                      size_t bytes, struct why *why);
/** Frees a unit and, unless it was committed, its cell with all that it holds. */
void unit_drop(struct unit *unit);
/** Gives back the stubs that @p cell uses of others; of all cells that go together before any is dropped. */
void cell_release_imports(struct cell *cell);
/** Frees what a cell holds: text, data, tables, stubs; its symbols leave the table. */
void cell_drop(struct cell *cell);

/* unit_link.c: memory, addresses, bytes */
enum status unit_place(struct unit *unit, struct why *why);
enum status unit_link(struct unit *unit, struct why *why);
/** Binds the call sites that led to the init trap to their targets. Cannot fail. */
void unit_bind_calls(struct unit *unit);

/* stub.c */
/** The stub of @p function of @p cell, made when there is none, with one use more. NULL: no memory. */
struct stub *stub_take(struct cell *cell, uint64_t function);
/** One use less; the last one frees it. */
void stub_release(struct cell *cell, struct stub *stub);

/* transaction.c */
enum status transaction_begin(struct transaction *transaction, enum cell_reason reason,
                              struct why *why);
void transaction_end(void);
/** Adds a cell of the archive (or @p object, when not NULL). */
enum status transaction_add(struct transaction *transaction, const char *name,
                            struct unit *needed_by, const void *object, size_t bytes);
/** Unless @p status, what adding units came to, is an error already: finds providers, links, initialises,
 *  commits and starts all units. On any error undoes everything. Frees the units. */
enum status transaction_run(struct transaction *transaction, enum status status);
/** Takes a live cell out of hooks, list and symbol table. */
void cell_retract(struct cell *cell);
/** Calls an entry point of a cell, guarded; address 0 is OK. */
enum status cell_call_entry(uint64_t address, enum cell_reason reason);
/** Loads the boot set of the archive. */
enum status cells_boot(struct why *why);

#endif
