/* Traps: interrupts go to their hooks, page faults to vm, everything else is a fault of somebody: it is
 * reported, and ends the task, the guarded call, or, where there is neither, the machine. */
#include "harts.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "nucleus/runtime.h"
#include "report.h"

_Static_assert(offsetof(struct registers, pc) == 256, "trap.S: R_PC");
_Static_assert(offsetof(struct registers, status) == 264, "trap.S: R_STATUS");
_Static_assert(offsetof(struct task, registers) == 0, "trap.S: sscratch is the task");
_Static_assert(offsetof(struct task, recovery) == 376, "trap.S: TASK_RECOVERY");
_Static_assert(offsetof(struct task, result) == 396, "trap.S: TASK_RESULT");
_Static_assert(offsetof(struct hart, depth) == 8, "trap.S: HART_DEPTH");
_Static_assert(offsetof(struct hart, index) == HART_INDEX, "nucleus/hart.h");
_Static_assert(sizeof(struct hart) == 45056, "entry.S: HART_BYTES");
_Static_assert(offsetof(struct hart, levels[1].registers) == 24 + 296 + 8, "trap.S: LEVEL_BYTES");

#define CAUSE_INTERRUPT (1ul << 63)
enum interrupt { SOFTWARE_INTERRUPT = 1, TIMER_INTERRUPT = 5, EXTERNAL_INTERRUPT = 9 };
enum exception { LOAD_PAGE_FAULT = 13, STORE_PAGE_FAULT = 15 };

struct registers *trap_handler(struct registers *registers);

static REQUIRES(irqs_off) void interrupt(uint64_t number)
{
    if (number == TIMER_INTERRUPT) {
        hooks.clock_interrupt();
    } else if (number == EXTERNAL_INTERRUPT) {
        hooks.irq_interrupt();
    } else if (number == SOFTWARE_INTERRUPT) {
        csr_clear(sip, SIE_SSIE);
        hart_poll();
        hart_reschedule();
    } else {
        panic("interrupt %lu, which was never enabled", number);
    }
}

/* Keeps the lines of one report together. Not taken when the machine stops: its holder may be why. */
static struct spinlock report_lock;

/* A fault of the running task: it goes to the end of its innermost guarded call (trap.S, guard_return), or
 * ends. @return the registers to go on with. */
static REQUIRES(irqs_off) struct registers *task_fault(struct task *task)
{
    const struct registers *frame = task->recovery;
    struct registers *registers = &task->registers;
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &report_lock);
    report_fault(task, registers);
    spin_unlock_nested(&guard, &report_lock);
    if (frame) {
        registers->pc = (uint64_t)guard_return;
        registers->x[2] = (uint64_t)frame;
        registers->x[10] = ERR_FAULT;
        registers->status = SSTATUS_SPP | (frame->x[2] & SSTATUS_SIE ? SSTATUS_SPIE : 0);
        task->recovery = (void *)frame->x[0];
        return registers;
    }
    if (task == &this_hart()->idle)
        machine_fail("a fault outside any task");
    task->end_status = ERR_FAULT;
    return dispatch(task, TASK_DEAD);
}

struct registers *trap_handler(struct registers *registers)
{
    struct hart *hart = this_hart();
    struct task *task = hart->current;
    uint64_t cause = registers->cause;

    role_assert_irqs_off();
    if (hart->depth > 1) {
        hooks.console_emergency = firmware_console; /* the cell's may be what faulted */
        if (hart->depth > 2)
            hooks.code_describe = plain_address; /* the same */
        report_fault(task, registers);
        machine_fail("a fault in an interrupt or in the scheduler");
    }
    if (cause & CAUSE_INTERRUPT) {
        interrupt(cause & ~CAUSE_INTERRUPT);
        if (!hart->reschedule || task == &hart->idle)
            return registers;
        return dispatch(task, TASK_READY);
    }
    if ((cause == LOAD_PAGE_FAULT || cause == STORE_PAGE_FAULT) &&
        hooks.vm_page_fault(registers->value, cause == STORE_PAGE_FAULT))
        return registers;
    return task_fault(task);
}

/* What the unwind tables refer to. A fault does not unwind yet, it ends its task; so no landing pad is
 * ever entered, and neither of these is ever called. */
void __gcc_personality_v0(void)
{
    panic("the personality routine was called");
}

void _Unwind_Resume(void *exception)
{
    panic("a landing pad was entered (%p), and no unwinding is under way", exception);
}
