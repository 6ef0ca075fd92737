/* Cells in memory, and a transaction that loads some: the structures behind abi/nucleus/cells.h.
 *
 * One transaction runs at a time (transaction_begin()); it alone changes cells. The table's spinlock
 * guards what others read meanwhile: the list, the symbol table, the sets. */
#ifndef NUCLEUS_CELL_PRIVATE_H
#define NUCLEUS_CELL_PRIVATE_H

#include "cell.h"
#include "link.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/records.h"
#include "nucleus/spinlock.h"
#include "symbols.h"

#define TRANSACTION_MAX_CELLS 64u

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
/** The cell of that name, live or on its way in; NULL: none. It stays while the transaction lasts. */
struct cell *cell_lookup(const char *name);
/** symbol_lookup() under the table's lock. The symbol stays while the transaction lasts. */
const struct symbol *symbol_lookup_locked(const char *name);
/** Unlocked search, for reports when nothing can be trusted. */
bool symbol_at_unlocked(uint64_t address, struct symbol_info *info);
/** Enters the symbols that the nucleus exports. */
void nucleus_exports_init(void);
/** The nearest exported function at or below @p address; its size is not known (0). */
bool nucleus_function_at(uint64_t address, struct symbol_info *info);

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
/** Loads the boot set of the archive; @p count is set to how many cells that makes. */
enum status cells_boot(unsigned *count, struct why *why);

#endif
