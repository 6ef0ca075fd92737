/* Groups of tasks: an array of handles, which clang cannot follow, behind two calls. */
#ifndef TASK_TESTS_GROUP_H
#define TASK_TESTS_GROUP_H

#include <stdbool.h>

#include "task.h"

#define GROUP_MOST 32u

/** Zero it first. */
struct HOLDS group {
    task_handle tasks[GROUP_MOST]; /* group_join() gives them up */
    unsigned count;
    enum status status[GROUP_MOST]; /* how they ended, from group_join() on */
    int result[GROUP_MOST];
};

/** Adds a task. @return false: no memory. */
bool group_add(struct group *group, const char *name, int (*entry)(void *), void *argument);
/** Waits for all tasks of the group. */
void group_join(struct group *group) REQUIRES(may_park);

#endif
