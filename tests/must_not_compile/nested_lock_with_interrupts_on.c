/* spin_lock_nested() is for where interrupts are off already.
 *
 * rejected by clang: calling function 'spin_lock_nested' requires holding
 * rejected by clang: calling function 'spin_unlock_nested' requires holding
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "snippet_list.h"

#ifdef WRONG
void snippet(struct locked_list *list);
#else
void snippet(struct locked_list *list) REQUIRES(irqs_off);
#endif
void snippet(struct locked_list *list)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &list->lock);
    spin_unlock_nested(&guard, &list->lock);
}
