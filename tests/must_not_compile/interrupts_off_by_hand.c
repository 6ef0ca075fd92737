/* Interrupts are turned off with a guard, which turns them on again when a fault ends the section.
 *
 * rejected by lint: interrupts off without irq_guard: a fault would leave them off
 * rejected by lint: interrupts off without irq_guard: a fault would leave them off
 * rule off: lint bare-pair
 */
#include "snippet.h"
#include "nucleus/hart.h"

unsigned snippet(void);
unsigned snippet(void)
{
    unsigned index;
#ifdef WRONG
    uint64_t before = sstatus_irq_off();

    index = hart_index();
    sstatus_irq_on(before);
#else
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    index = hart_index();
    irq_restore(&guard);
#endif
    return index;
}
