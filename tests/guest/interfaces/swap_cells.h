/**
 * @file swap_cells.h
 * Functions of the cells that swap_tests replaces (tests/guest/swap_cells), and of one that calls them.
 */
#ifndef MITOS_SWAP_CELLS_H
#define MITOS_SWAP_CELLS_H

#include <stdint.h>

#include "status.h"

/**
 * The cells victim and sched_odd hold one word VICTIM_MAGIC in its read-only data, with its version behind it (1 as
 * built), and then its plan (0 as built): the test writes both into a copy of the object.
 */
#define VICTIM_MAGIC 0x206d697463697620ull
enum victim_plan {
    VICTIM_INIT_FAILS = 1u << 0,
    VICTIM_INIT_FAULTS = 1u << 1,
    VICTIM_START_FAILS = 1u << 2,
    VICTIM_START_FAULTS = 1u << 3,
    VICTIM_START_WAITS = 1u << 4, /* until somebody is in victim_spin() */
};

/** The version of the code that runs: that of the text, not of the state. */
uint64_t victim_version(void);
/** 1000 times the version, and @p x. */
uint64_t victim_answer(uint64_t x);
/** 3000 times the version, and @p x; called by nobody, but its address is in the cell's state. */
uint64_t victim_spare(uint64_t x);
/** As the cell's state holds them: to a static function, which gives 2000 times the version and x, and
 *  to victim_spare(). */
struct victim_pointers {
    uint64_t (*own_static)(uint64_t x), (*own_exported)(uint64_t x);
};
void victim_pointers(struct victim_pointers *pointers);
/** The sum of what both give for @p x, called by the cell itself. */
uint64_t victim_through_state(uint64_t x);
/** Does nothing, in two instructions at most. */
void victim_tick(void);
/** Computes for some instructions times @p steps. @return @p steps. */
uint64_t victim_compute(uint64_t steps);
/** Computes until somebody sets @p until, in a static function of the name spin_here(). */
void victim_spin(const uint32_t *until);
/** Adds to @p words, in some KiB of code: so versions lie more than a page apart. */
void victim_ballast(volatile uint64_t *words);

/** victim_answer(@p x), called by another cell. */
uint64_t caller_answer(uint64_t x);
/** What that cell holds for the address of victim_answer(). */
uint64_t (*caller_pointer(void))(uint64_t x);
/** 64 calls of victim_tick(), one after another. */
void caller_ticks(void);

/** sched_odd alone has it: a pointer to one of its static functions, which gives 7. */
typedef uint64_t (*odd_function)(void);
odd_function sched_odd_pointer(void);

#endif
