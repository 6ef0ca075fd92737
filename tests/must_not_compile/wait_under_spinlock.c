/* Nor through a call that waits in its client: whatever needs the right to park needs interrupts on.
 *
 * rejected by clang: cannot call function 'clock_sleep' while
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"
#include "clock.h"

void snippet(struct locked_list *list) REQUIRES(may_park);
void snippet(struct locked_list *list)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &list->lock);
#ifdef WRONG
    clock_sleep(1000);
#endif
    spin_unlock(&guard, &list->lock);
#ifndef WRONG
    clock_sleep(1000);
#endif
}
