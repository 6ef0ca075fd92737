/* Nobody sleeps with a spinlock held.
 *
 * rejected by clang: cannot call function 'task_park' while
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"
#include "nucleus/task.h"

void snippet(struct locked_list *list) REQUIRES(may_park);
void snippet(struct locked_list *list)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &list->lock);
#ifdef WRONG
    task_park();
#endif
    spin_unlock(&guard, &list->lock);
#ifndef WRONG
    task_park();
#endif
}
