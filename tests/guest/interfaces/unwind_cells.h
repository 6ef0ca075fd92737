/**
 * @file unwind_cells.h
 * Cells that unwind_tests loads (tests/guest/unwind_cells): things to hold when a fault comes, and functions to
 * come through.
 */
#ifndef MITOS_UNWIND_CELLS_H
#define MITOS_UNWIND_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "own.h"

/** A thing to hold, with a letter. The cell tokens keeps books of them. */
typedef struct LINEAR("token") token {
    struct token_object *object;
} token;

/** @return false: no memory. */
bool token_take(token *t, char letter) TRY_MAKES(*t);
void token_drop(token *t) TAKES(*t);
void token_unwind(token *t) UNCHECKED;
char token_letter(const token *t) BORROWS(*t);

/** What has become of tokens since tokens_start(). */
struct tokens {
    uint64_t taken, dropped; /* dropped: explicitly */
    char unwound[128];       /* the letters of those that unwinding dropped, first come first, cut to the room */
    uint64_t unwound_count;
};
/** Begins new books, and frees what was lost in the old ones. The cleanup of a token whose letter is in @p faulty (copied) loads from NULL behind the drop. */
void tokens_start(const char *faulty);
/** Copies the books. */
void tokens_read(struct tokens *tokens);

/** What a call that comes through the chain carries. */
struct passage {
    uint64_t left; /* frames that still come */
    uint64_t (*enter)(struct passage *passage); /* where the chain begins again */
    uint64_t (*end)(void *argument);            /* what the last one calls */
    void *argument;
};
/** Five cells; each holds a token with its letter while it calls the next one, the last one `enter`. */
uint64_t chain_a(struct passage *passage);
uint64_t chain_b(struct passage *passage);
uint64_t chain_c(struct passage *passage);
uint64_t chain_d(struct passage *passage);
uint64_t chain_e(struct passage *passage);

/**
 * The function in whose text an instruction is replaced by one that faults: prologue and epilogue with many
 * registers, tokens v and, in an inner scope, w, loads, stores, calls, a loop.
 */
uint64_t cut_branchy(uint64_t *numbers, uint64_t count);
/** Another one: no frame of its own, no tokens. */
uint64_t cut_leaf(const uint64_t *numbers, uint64_t count);

#endif
