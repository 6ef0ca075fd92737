/* Who owns a queue says so when all is well, on each path: else its waiters would take it for dead.
 *
 * rejected by clang: 'owner' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "task.h"

enum status snippet(struct wait_queue *queue, bool (*serve)(struct wait_queue *queue)) REQUIRES(may_park);
enum status snippet(struct wait_queue *queue, bool (*serve)(struct wait_queue *queue))
{
    OWN(wait_owner) owner = {0};

    wait_own(&owner, queue);
    while (serve(queue)) {
#ifdef WRONG
        if (task_cancelled())
            return ERR_CANCELLED;
#endif
        task_park();
    }
    wait_disown(&owner);
    return OK;
}
