/* The same through a call that waits in its client: an exported function cannot be that client.
 *
 * rejected by clang: calling function 'clock_sleep' requires holding
 * rejected by clang: calling function 'clock_sleep' requires negative capability '!irqs_off'
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "clock.h"
#include "irq.h"

EXPORT uint64_t irq_count(uint32_t source)
{
#ifdef WRONG
    clock_sleep(1000);
#endif
    return source + clock_now_ns();
}
