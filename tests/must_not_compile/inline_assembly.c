/* Cells hold no assembly: cleanups beside it would not run when it faults.
 *
 * rejected by lint: inline assembly in a cell: the nucleus has what needs it
 * rule off: lint inline-assembly
 */
#include "snippet.h"
#include "nucleus/hart.h"

uint64_t snippet(void);
uint64_t snippet(void)
{
#ifdef WRONG
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
#else
    return hart_ticks();
#endif
}
