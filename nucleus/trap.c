/* Traps: interrupts go to their hooks, page faults to vm, everything else is a fault of somebody: it is
 * reported, and ends the task, the guarded call, or, where there is neither, the machine. */
#include "nucleus/cells.h"
#include "harts.h"
#include "hooks_private.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "report.h"

_Static_assert(offsetof(struct registers, pc) == 256, "trap.S: R_PC");
_Static_assert(offsetof(struct registers, status) == 264, "trap.S: R_STATUS");
_Static_assert(offsetof(struct registers, exact) == 288, "trap.S: R_EXACT");
_Static_assert(offsetof(struct task, registers) == 0, "trap.S: sscratch is the task");
_Static_assert(offsetof(struct task, recovery) == 400, "trap.S: TASK_RECOVERY");
_Static_assert(offsetof(struct hart, depth) == 8, "trap.S: HART_DEPTH");
_Static_assert(offsetof(struct hart, stacks) == 16, "trap.S: HART_STACKS");
_Static_assert(offsetof(struct hart, nested) == 40, "trap.S: HART_NESTED");
_Static_assert(offsetof(struct hart, idle_stack) == 64, "entry.S: HART_IDLE_STACK");

#define CAUSE_INTERRUPT (1ul << 63)
enum interrupt { INTERRUPT_SOFTWARE = 1, INTERRUPT_TIMER = 5, INTERRUPT_EXTERNAL = 9 };
enum exception {
    EXCEPTION_BREAKPOINT = 3,
    EXCEPTION_FETCH_PAGE_FAULT = 12,
    EXCEPTION_LOAD_PAGE_FAULT = 13,
    EXCEPTION_STORE_PAGE_FAULT = 15,
};

/* What trap.S saves in guarded_call()'s frame; task->recovery points at it. */
struct recovery {
    void *outer;
    uint64_t sstatus;
};

struct registers *trap_handler(struct registers *registers);

static void interrupt(uint64_t cause) REQUIRES(irqs_off);
static void interrupt(uint64_t cause)
{
    switch (cause & 0xff) {
    case INTERRUPT_SOFTWARE:
        csr_clear(sip, SIE_SSIE);
        hart_poll();
        this_hart()->reschedule = 1;
        break;
    case INTERRUPT_TIMER:
        hooks.clock_interrupt();
        break;
    case INTERRUPT_EXTERNAL:
        hooks.irq_interrupt();
        break;
    default:
        panic("interrupt %lu, which was never enabled", cause & 0xff);
    }
}

static bool served_by_vm(const struct registers *registers) REQUIRES(irqs_off);
static bool served_by_vm(const struct registers *registers)
{
    uint64_t cause = registers->cause;

    return (cause == EXCEPTION_LOAD_PAGE_FAULT || cause == EXCEPTION_STORE_PAGE_FAULT) &&
           hooks.vm_page_fault(registers->value, cause == EXCEPTION_STORE_PAGE_FAULT);
}

/* Sends the task to the end of its innermost guarded call (trap.S, guard_return). */
static void recover(struct task *task)
{
    const struct recovery *recovery = task->recovery;

    task->registers.pc = (uint64_t)guard_return;
    task->registers.x[2] = (uint64_t)recovery;
    task->registers.x[10] = ERR_FAULT;
    task->registers.status = SSTATUS_SPP | (recovery->sstatus & SSTATUS_SIE ? SSTATUS_SPIE : 0);
    task->recovery = recovery->outer;
}

/* A fault of the running task. @return the registers to go on with. */
static struct registers *task_fault(struct task *task) REQUIRES(irqs_off);
static struct registers *task_fault(struct task *task)
{
    report_fault(task, &task->registers);
    if (task->recovery) {
        recover(task);
        return &task->registers;
    }
    if (task == &this_hart()->idle)
        machine_fail("a fault outside any task");
    task->end_status = ERR_FAULT;
    task->leaving = LEAVING_END;
    return dispatch(task);
}

struct registers *trap_handler(struct registers *registers)
{
    struct hart *hart = this_hart();
    struct task *task = hart->current;

    role_assert_irqs_off();
    if (hart->depth > 1) {
        hooks.console_emergency = firmware_console; /* the cell's may be what faulted */
        report_fault(task, registers);
        machine_fail("a fault in an interrupt or in the scheduler");
    }
    if (registers->cause & CAUSE_INTERRUPT) {
        interrupt(registers->cause);
        if (task == &hart->idle)
            return hart->joined ? dispatch(task) : registers;
        if (hart->reschedule) {
            task->leaving = LEAVING_PREEMPTED;
            return dispatch(task);
        }
        return registers;
    }
    if (served_by_vm(registers))
        return registers;
    return task_fault(task);
}
