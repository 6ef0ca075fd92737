/**
 * @file load_cells.h
 * Functions of the cells that load_tests loads and unloads (tests/guest/load_cells).
 */
#ifndef MITOS_LOAD_CELLS_H
#define MITOS_LOAD_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

/** A chain of five: each calls the next one and adds a digit, so dep_a(0) is 12345. Each writes
 *  "load_cells: NAME init", "... start", "... stop" into the log when that is called. */
uint64_t dep_a(uint64_t x);
uint64_t dep_b(uint64_t x);
uint64_t dep_c(uint64_t x);
uint64_t dep_d(uint64_t x);
uint64_t dep_e(uint64_t x);
/** What dep_e holds for the address of a function: its own static one, dep_e() itself, hello_add(). */
struct dep_pointers {
    uint64_t own_static, own_exported, of_other_cell;
};
void dep_e_pointers(struct dep_pointers *pointers);

/** Two cells that need each other: 1 when @p x is even (ring_a) or odd (ring_b). */
uint64_t ring_a(uint64_t x);
uint64_t ring_b(uint64_t x);

/** deep_a needs deep_b, that deep_c, and that a function which no cell provides. */
uint64_t deep_a(void);
uint64_t deep_b(void);
uint64_t deep_c(void);
uint64_t provided_by_nobody(void);

/**
 * What the cell actor does when it is loaded. It holds one word ACTOR_MAGIC in its read-only data, with
 * the plan behind it (0 as built): the test writes the plan into a copy of the object.
 */
#define ACTOR_MAGIC 0x6e616c7020666f20ull
enum actor_plan {
    INIT_FAILS = 1u << 0,
    INIT_FAULTS = 1u << 1,
    INIT_CALLS = 1u << 2,   /* dep_a(), which it must not yet */
    INIT_OBJECTS = 1u << 3, /* allocates objects of two kinds */
    START_FAILS = 1u << 4,
    START_FAULTS = 1u << 5,
    START_KEEPS = 1u << 6, /* an object, until actor_let_go() */
    STOP_REFUSES = 1u << 7, /* these two also until actor_let_go() */
    STOP_FAULTS = 1u << 8,
    START_LOADS = 1u << 9, /* another cell, and fails if that fails */
};

/** How actor found its state when it was loaded, and where that is. */
struct actor_view {
    void *state;
    uint64_t state_bytes;
    uint64_t dirty_bytes; /* that were not 0 when init() began */
};
void actor_view(struct actor_view *view);
/** The sum of what dep_a() to dep_e() give for 0. */
uint64_t actor_sum(void);
#define ACTOR_SUM (12345u + 2345 + 345 + 45 + 5)
/** Ends the wait of the command `actor`, frees what START_KEEPS has kept, lets stop() succeed. */
void actor_let_go(void);

#endif
