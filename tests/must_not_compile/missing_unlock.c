/* A spinlock is released on every path; with it the guard, and interrupts come on again.
 *
 * rejected by clang: 'guard' is not held on every path through here
 * rejected by clang: 'list->lock' is not held on every path through here
 * rejected by clang: 'irqs_off' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"

unsigned snippet(struct locked_list *list);
unsigned snippet(struct locked_list *list)
{
    OWN(spin_guard) guard = {0};
    unsigned length;

    spin_lock(&guard, &list->lock);
    length = *locked_length(list);
    if (length == 0) {
#ifndef WRONG
        spin_unlock(&guard, &list->lock);
#endif
        return 0;
    }
    spin_unlock(&guard, &list->lock);
    return length;
}
