/**
 * @file spill_cells.h
 * A service with habits, for tests of what counts as state spill (tests/guest/spill_cells).
 */
#ifndef MITOS_SPILL_CELLS_H
#define MITOS_SPILL_CELLS_H

#include <stdbool.h>

#include "own.h"

/** What the cell ledger keeps of a client beside the body of its handle. */
enum ledger_habit {
    LEDGER_CLEAN,     /* nothing: all that it must know is in the body */
    LEDGER_STATE,     /* the body's address, in a table in its state */
    LEDGER_NUMBERS,   /* a number, in such a table */
    LEDGER_TABLE,     /* the body's address, in a table on the heap that grows */
    LEDGER_RECORDS,   /* an object of another kind */
    LEDGER_FRAMES,    /* a frame of its own */
    LEDGER_LONGER,    /* nothing, but each body has room for all earlier ones */
    LEDGER_FULL,      /* nothing, but after LEDGER_PLACES clients it has no place */
    LEDGER_FORGETFUL, /* nothing, but a body stays when its handle is dropped */
    LEDGER_HABITS
};
#define LEDGER_PLACES 1000u
#define LEDGER_MOST 2048u

typedef struct LINEAR("ledger_entry") ledger_entry {
    struct ledger_body *body;
} ledger_entry;

/** @return false: no memory, or no place. */
bool ledger_open(ledger_entry *entry, enum ledger_habit habit) TRY_MAKES(*entry);
void ledger_close(ledger_entry *entry) TAKES(*entry);
void ledger_entry_unwind(ledger_entry *entry) UNCHECKED;
/** Frees what it has forgotten. */
void ledger_clean(void);

#endif
