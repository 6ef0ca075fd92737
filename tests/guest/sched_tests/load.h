/*
 * A load for the scheduler: tasks that only compute, or compute and yield, each with a counter
 * and a word that shows when it runs twice at once.
 */
#ifndef SCHED_TESTS_LOAD_H
#define SCHED_TESTS_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "task.h"

#define LOAD_MOST 100u

struct HOLDS load_member {
    const struct load *load;
    task_handle task; /* load_stop() joins it */
    bool yields;
    uint64_t rounds;    /* written by the task alone */
    uint64_t harts;     /* bit h: it has run on hart h */
    uint32_t owner;     /* 1 while the task is between its two marks */
    uint32_t collision; /* it found the mark set: it ran on two harts at once */
};

struct load {
    uint32_t stop;
    unsigned count;
    struct load_member members[LOAD_MOST];
};

/** Zeroes @p load and starts @p count tasks, of which every @p yield_every-th yields (0: none
 *  does). @return false: no memory; then there is nothing to stop. */
bool load_start(struct load *load, unsigned count, unsigned yield_every) REQUIRES(may_park);
/** Ends the tasks and waits for them. */
void load_stop(struct load *load) REQUIRES(may_park);

uint64_t load_rounds(const struct load *load, unsigned member);
/** How many of them have done at least one round. */
unsigned load_progressed(const struct load *load);
/** How many ran on two harts at once. */
unsigned load_collisions(const struct load *load);

#endif
