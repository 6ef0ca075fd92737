/* A spinlock that this function holds cannot be taken again: that would be a deadlock.
 *
 * rejected by clang: 'list->lock' that is already held
 * rejected by clang: 'second' is still held at the end of function
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"

void snippet(struct locked_list *list);
void snippet(struct locked_list *list)
{
    OWN(spin_guard) first = {0};
    OWN(spin_guard) second = {0};

    spin_lock(&first, &list->lock);
#ifdef WRONG
    spin_lock_nested(&second, &list->lock);
#else
    (void)second;
#endif
    spin_unlock(&first, &list->lock);
}
