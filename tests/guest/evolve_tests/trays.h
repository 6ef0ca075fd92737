/* Tasks that put values into a tray, whatever version of it serves, and what they saw (../interfaces/tray.h). */
#ifndef EVOLVE_TESTS_TRAYS_H
#define EVOLVE_TESTS_TRAYS_H

#include "task.h"
#include "tray.h"
#include "versions.h"

/** One such task. */
struct HOLDS putter {
    task_handle task;
    bool hasty;      /* puts one after another; else, and after many, one every 100 us */
    uint32_t stop;   /* atomic, as are: */
    uint64_t first;  /* values that the first version has accepted */
    uint64_t second; /* and later ones */
    /* once it is joined: */
    uint64_t sum;
    uint64_t longest; /* ticks between two that the first version accepted, one after the other */
    uint64_t last;    /* ticks, of the last of these */
    enum status end;
};

/** The first version of the tray, empty. @return false: it cannot be had. */
bool tray_begin(struct test_run *t) REQUIRES(may_park);
/** Starts a task. */
bool putter_start(struct test_run *t, struct putter *putter, bool hasty) REQUIRES(may_park);
/** Waits until the first version has accepted another value of the putter. */
void putter_await_first(struct test_run *t, const struct putter *putter) REQUIRES(may_park);
/** Ends it. Its status is in the putter. */
void putter_stop(struct putter *putter) REQUIRES(may_park);
/** Checks that the tray has what its version has accepted of all @p count putters, each once, and empties it. */
void tray_check(struct test_run *t, const struct putter *putters, unsigned count);

#endif
