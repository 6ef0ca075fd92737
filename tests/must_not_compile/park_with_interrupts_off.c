/* Nobody sleeps with interrupts off.
 *
 * rejected by clang: cannot call function 'task_yield' while
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "nucleus/hart.h"
#include "nucleus/task.h"

void snippet(void) REQUIRES(may_park);
void snippet(void)
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
#ifdef WRONG
    task_yield();
#endif
    irq_restore(&guard);
#ifndef WRONG
    task_yield();
#endif
}
