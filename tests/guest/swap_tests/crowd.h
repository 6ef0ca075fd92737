/*
 * A crowd: tasks that compute, yield, sleep, wake each other or call the cell victim, each with a counter
 * and a word that shows when it runs twice at once.
 */
#ifndef SWAP_TESTS_CROWD_H
#define SWAP_TESTS_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "task.h"
#include "test.h"

#define CROWD_MOST 100u

/** How a member spends its rounds. Of those that wake each other neighbours (2n, 2n + 1) make a pair. */
enum crowd_habit { COMPUTES, YIELDS, SLEEPS, WAKES, CALLS, TICKS };

struct HOLDS crowd_member {
    struct crowd *crowd;
    task_handle task; /* crowd_stop() joins it */
    uint32_t number, habit;
    uint64_t rounds;    /* written by the task alone */
    uint32_t owner;     /* 1 while the task is between its two marks */
    uint32_t collision; /* it found the mark set: it ran on two harts at once */
    uint32_t running;   /* between its begin and its end */
    uint32_t turn;      /* of a pair that wakes each other, in the even one: whose it is */
};

struct crowd {
    uint32_t stop;
    unsigned count, faults; /* faults: how many did not end in peace */
    struct crowd_member members[CROWD_MOST];
};

/** Empties @p crowd. */
void crowd_init(struct crowd *crowd);
/** Starts @p count more of one habit; of WAKES an even number, after an even number. @return false: no memory. */
bool crowd_add(struct crowd *crowd, unsigned count, enum crowd_habit habit) REQUIRES(may_park);
/** A hundred, of the first four habits: 8 of them compute all the time. */
bool crowd_start_mixed(struct crowd *crowd) REQUIRES(may_park);
/** Waits until every member has done @p rounds more, and checks that they do. */
bool crowd_goes_on(struct test_run *t, const struct crowd *crowd, uint64_t rounds)
    REQUIRES(may_park);
/** Ends the tasks and waits for them. */
void crowd_stop(struct crowd *crowd) REQUIRES(may_park);
/** The same, and checks that none ran on two harts at once and that none faulted. */
void crowd_end(struct test_run *t, struct crowd *crowd) REQUIRES(may_park);
/** How many have run on two harts at once. */
unsigned crowd_collisions(const struct crowd *crowd);
/** One round of marking, as members do it: for a test of the marks. */
void crowd_mark(struct crowd_member *member);

#endif
