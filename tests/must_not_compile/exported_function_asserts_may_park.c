/* Nor can an exported function help itself to that right: whoever calls it may hold a lock, and its cell
 * could not be replaced while it sleeps.
 *
 * rejected by lint: an exported function takes the right to park for itself
 * rule off: lint exported-may-park
 */
#include "snippet.h"
#include "console.h"

EXPORT enum status console_flush_step(wait_op *op)
{
    (void)op;
#ifdef WRONG
    role_assert_may_park();
    task_park();
    return OK;
#else
    return AGAIN;
#endif
}
