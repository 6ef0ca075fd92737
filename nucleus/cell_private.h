/* Cells in memory, and a transaction that loads some: the structures behind abi/nucleus/cells.h.
 *
 * One transaction runs at a time (transaction_begin()); it alone changes cells, so it reads the tables
 * without a lock. The table's spinlock guards what others read meanwhile: the list, the symbol table. */
#ifndef NUCLEUS_CELL_PRIVATE_H
#define NUCLEUS_CELL_PRIVATE_H

#include "cell.h"
#include "link.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/records.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "nucleus/swap.h"
#include "nucleus/task.h"
#include "symbols.h"

#define TRANSACTION_MAX_CELLS 64u

/** A cell with what only the loader needs. It begins a block of frames, in which its arrays are, too: so what
 *  a cell costs does not depend on which others came and went, as it would with slots of slabs. */
struct unit {
    struct cell cell;
    struct elf_image image;        /* of its object, to which names point */
    void *copy;                    /* of the object: frames, or NULL when it is used where it was */
    /* behind this, with the arrays of `cell`: */
    uint32_t *import_of;           /* per global symbol: its number among the imports */
    struct eh_frame frames;        /* its unwind tables, once they are checked */
    /* while a transaction brings it in: */
    struct list link; /* in its list */
    struct unit *needed_by; /* NULL: asked for by the user */
    struct unit *replaces;  /* NULL, or the cell in whose place it comes */
    struct unit *replaced_by; /* the other way round */
    struct evolution *evolution; /* what cell evolve has prepared for that; or NULL */
    struct why *why;        /* for what goes wrong */
    uint8_t *staging;
    bool ordered, started;
    struct unit *before; /* what it replaced, kept while it is on probation; NULL: none */
    uint64_t swap;       /* the number of the swap that brought it, meanwhile */
    bool failed; /* a scheduler that faulted: what replaces it begins anew */
};

struct cell_table {
    struct spinlock lock;
    /* lock guards, against readers: */
    struct list cells_;
    uint32_t visitor; /* 1 + the hart in cells_visit(); 0: none. Read on that hart without the lock */
};
extern struct cell_table cell_table;

static inline struct list *table_cells(void) REQUIRES(cell_table.lock);
static inline struct list *table_cells(void)
{
    return &cell_table.cells_;
}

static inline struct unit *unit_of(struct list *node) /* in the table */
{
    return list_entry(node, struct unit, cell.link);
}

/** The address of a function that the unit defines, once it has its place. */
static inline uint64_t unit_address(const struct unit *unit, uint32_t symbol)
{
    return unit->cell.sections[unit->image.symbols[symbol].shndx].address +
           unit->image.symbols[symbol].value;
}

/** Kinds of the loader: records of fixed size and buffers. */
extern struct kind *stub_kind, *buffer_kind;

/* cell_table.c */
void cell_table_init(void);
/** The cell of that name, live or on its way in; NULL: none. It stays while the transaction lasts. */
struct unit *unit_lookup(const char *name);
/** The cell behind @p after in the table, NULL: the first. For the transaction only. */
struct unit *unit_next(struct unit *after);
/** Whether the state of what it replaces becomes its own: versions of one cell. */
static inline bool unit_inherits(const struct unit *unit)
{
    return unit->replaces && !unit->replaces->failed &&
           strcmp(unit->cell.manifest.name, unit->replaces->cell.manifest.name) == 0;
}
/* unit.c: a cell from its object to its memory, and back to nothing */
/** Makes a unit of an object, or with @p copy of a copy of it; no table knows it yet. */
enum status unit_make(struct unit **unit, const void *object, size_t bytes, bool copy,
                      struct why *why);
/** Enters its symbols in the table, and those that it imports in its own. */
enum status unit_enter_symbols(struct unit *unit);
static inline bool unit_is_call(uint32_t type) /* R_RISCV_* */
{
    return type == R_RISCV_CALL || type == R_RISCV_CALL_PLT;
}
/** Finds memory and addresses. */
enum status unit_place(struct unit *unit);
/** Relocates, checks, writes text. Calls of other cells still lead to a trap. */
enum status unit_link(struct unit *unit);
/** Frees what only linking needed. */
void unit_unstage(struct unit *unit);
/** Binds those calls to their targets. Cannot fail. */
void unit_bind_calls(struct unit *unit);
/** Frees all that a cell holds; its symbols leave the table. */
void unit_drop(struct unit *unit);

/* patches.c */
/** The export of @p cell of that name; NULL: none. */
const struct symbol *cell_export(const struct cell *cell, const char *name);
/** Whether @p import can be bound to @p symbol of @p provider (NULL: there is none). @return ERR_LINK it cannot. */
enum status import_check(const struct cell *user, const struct import *import, const struct cell *provider,
                         const struct symbol *symbol, struct why *why);

/* stub.c */
/** The stub of @p function of @p cell, made when there is none: its @p own, or with one use more. NULL: no memory. */
struct stub *stub_take(struct cell *cell, uint64_t function, bool own);
/** One use less; the last one frees it, unless its cell took it, too. */
void stub_release(struct stub *stub);
void stub_drop(struct stub *stub);
/** trap.S: where a stub leads whose function is lost; it links in t1. Faults the caller by name. */
void stub_lost(void);
/** The rest of stub_lost(), of the stub that ends at @p end. */
_Noreturn void stub_report(uint64_t end);

/* transaction.c */
/** Until transaction_end() no other begins. @return ERR_BUSY: one is under way. */
enum status transaction_begin(enum cell_reason reason, struct why *why);
void transaction_end(void);
/** Adds a cell of the archive, or @p object. It comes in the place of @p replaces; @p needed_by asked for it;
 *  either may be NULL. */
enum status transaction_add(const char *name, struct unit *needed_by, struct unit *replaces,
                            const void *object, size_t bytes);
/** Of those that come in the place of another one, that behind @p after (NULL: the first), or NULL. */
struct unit *transaction_next_pair(struct unit *after);
/* These do nothing when @p status is an error already. */
/** All that can fail and changes nothing: finds providers, memory, links. Calls of other cells still trap. */
enum status transaction_prepare(enum status status);
/** Does @p step for each unit, those that it adds included: unit_init(), which prepares its state, or unit_start().
 *  An explanation begins with the chain of those that asked for the unit. */
enum status transaction_each(enum status status, enum status (*step)(struct unit *));
enum status unit_init(struct unit *unit);
enum status unit_start(struct unit *unit);
/** Binds all calls; then (behind a fence.i on all harts) hooks, and others see the cells. Cannot fail. */
void transaction_bind(void);
void transaction_publish(void);
/** Undoes all of these. */
void transaction_undo(void);
/** Brings @p unit into the transaction again, in the place of @p replaces; and takes all such out of it. */
void transaction_return(struct unit *unit, struct unit *replaces);
void transaction_leave(void);
/** Frees what only loading needed, and ends. */
void transaction_close(void);
/** Calls an entry point of a cell, guarded; address 0 is OK. */
enum status cell_call_entry(uint64_t address, enum cell_reason reason);
/** Takes a cell out of the hooks, and gives back the stubs that it uses of others: of all cells that go
 *  together before any is dropped. Once. */
void unit_retract(struct unit *unit);
/* swap.c, swap_run.c */
/** Prepares the task that swaps. */
void swap_init(void);
/** Finds for each stub of what @p unit replaces, if it does, the function that it shall lead to. */
enum status stubs_match(struct unit *unit);
/** Lets the version go that is kept behind @p unit, and those behind all that came with it. Within a transaction. */
void probation_end(struct unit *unit);

/* reclaim.c, within a transaction */
/** Makes a zombie of a unit that was replaced, and that nothing runs in. With @p state_is_taken its state is
 *  its successor's. */
void reclaim_add(struct unit *unit, bool state_is_taken);
/** Frees the zombies that nothing points into (reclaim.h). */
void reclaim_try(void);

/** Loads the boot set of the archive; @p count is set to how many cells that makes. */
enum status cells_boot(unsigned *count, struct why *why);

#endif
