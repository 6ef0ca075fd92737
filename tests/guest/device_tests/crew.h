/* A crew: some tasks that do the same with shared data, each with a number of its own. */
#ifndef DEVICE_TESTS_CREW_H
#define DEVICE_TESTS_CREW_H

#include <stdbool.h>

#include "own.h"

#define CREW_MOST 24u

/** Runs @p work(@p shared, 0 .. @p count - 1), count <= CREW_MOST, in a task each, and waits for
 *  all. @p work holds may_park. @return false: no memory for all of them, or one ended by a
 *  fault. */
bool crew_run(int (*work)(void *shared, unsigned number), void *shared, unsigned count)
    REQUIRES(may_park);

#endif
