/* Data is reached only under the lock of the same object.
 *
 * rejected by clang: calling function 'locked_length' requires holding
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"

unsigned snippet(struct locked_list *a, struct locked_list *b);
unsigned snippet(struct locked_list *a, struct locked_list *b)
{
    OWN(spin_guard) guard = {0};
    unsigned length;

    spin_lock(&guard, &a->lock);
#ifdef WRONG
    length = *locked_length(b);
#else
    length = *locked_length(a) + (a == b);
#endif
    spin_unlock(&guard, &a->lock);
    return length;
}
