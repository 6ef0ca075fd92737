/* What tasks cost: to be the same before and after. */
#ifndef TASK_TESTS_FIGURES_H
#define TASK_TESTS_FIGURES_H

#include <stdint.h>

#include "own.h"
#include "test.h"

struct figures {
    uint64_t free_frames, live_tasks, mappings, page_tables;
};

/** Now, with nothing in caches. live_tasks counts all that the cell task has allocated. */
struct figures figures_now(void);
/** Waits until as many tasks are left as @p before: what remains of them goes a little after their end. */
void figures_settle(const struct figures *before) REQUIRES(may_park);
void figures_check(struct test_run *t, const struct figures *before);

#endif
