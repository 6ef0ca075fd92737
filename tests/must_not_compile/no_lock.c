/* Data that a lock guards is not reached without it.
 *
 * rejected by clang: calling function 'locked_length' requires holding
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"

unsigned snippet(struct locked_list *list);
unsigned snippet(struct locked_list *list)
{
    OWN(spin_guard) guard = {0};
    unsigned length;

#ifdef WRONG
    (void)guard;
    length = *locked_length(list);
#else
    spin_lock(&guard, &list->lock);
    length = *locked_length(list);
    spin_unlock(&guard, &list->lock);
#endif
    return length;
}
