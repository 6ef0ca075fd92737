/* Whoever spawns a task joins or detaches it.
 *
 * rejected by clang: 'task' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "task.h"

static int entry(void *argument)
{
    return argument != NULL;
}

void snippet(void);
void snippet(void)
{
    OWN(task_handle) task = {0};

    if (!task_spawn(&task, "snippet", entry, NULL))
        return;
#ifndef WRONG
    task_detach(&task);
#endif
}
