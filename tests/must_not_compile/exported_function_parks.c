/* Calls never sleep: an exported function has no right to park. It says AGAIN; its client waits.
 *
 * rejected by clang: calling function 'task_park' requires holding
 * rejected by clang: calling function 'task_park' requires negative capability '!irqs_off'
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "console.h"

EXPORT enum status console_flush_step(wait_op *op)
{
    (void)op;
#ifdef WRONG
    task_park();
    return OK;
#else
    return AGAIN;
#endif
}
