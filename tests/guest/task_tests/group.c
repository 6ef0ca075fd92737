/* Groups of tasks (group.h). */
#include "group.h"

/* Unchecked, both: clang cannot follow handles in an array. */
bool group_add(struct group *group, const char *name, int (*entry)(void *), void *argument)
    UNCHECKED
{
    if (!task_spawn(&group->tasks[group->count], name, entry, argument))
        return false;
    group->count++;
    return true;
}

void group_join(struct group *group) UNCHECKED
{
    for (unsigned i = 0; i < group->count; i++)
        group->status[i] = task_join(&group->tasks[i], &group->result[i]);
}
