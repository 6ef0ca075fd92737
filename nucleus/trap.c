/* Traps: interrupts go to their hooks, page faults to vm, everything else is a fault of somebody: it is
 * reported, the task's frames are cleaned up (unwind.h), and it ends the guarded call, the task, or, where there
 * is neither, the machine.
 *
 * The handler looks for the next frame that has something to clean up, and returns from the trap into its landing
 * pad: so cleanups run as the task itself, can be interrupted, and can fault. The pad's last call,
 * _Unwind_Resume(), is a trap, which goes on from there. */
#include "harts.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "nucleus/runtime.h"
#include "nucleus/log.h"
#include "report.h"
#include "unwind.h"

_Static_assert(offsetof(struct registers, pc) == 256, "trap.S: R_PC");
_Static_assert(offsetof(struct registers, status) == 264, "trap.S: R_STATUS");
_Static_assert(offsetof(struct task, registers) == 0, "trap.S: sscratch is the task");
_Static_assert(offsetof(struct task, recovery) == 376, "trap.S: TASK_RECOVERY");
_Static_assert(offsetof(struct task, unwinding) == 424, "trap.S: TASK_UNWINDING");
_Static_assert(offsetof(struct task, result) == 396, "trap.S: TASK_RESULT");
_Static_assert(offsetof(struct hart, depth) == 8, "trap.S: HART_DEPTH");
_Static_assert(offsetof(struct hart, index) == HART_INDEX, "nucleus/hart.h");
_Static_assert(sizeof(struct hart) == 45056, "entry.S: HART_BYTES");
_Static_assert(offsetof(struct hart, levels[1].registers) == 24 + 296 + 8, "trap.S: LEVEL_BYTES");

#define CAUSE_INTERRUPT (1ul << 63)
enum interrupt { SOFTWARE_INTERRUPT = 1, TIMER_INTERRUPT = 5, EXTERNAL_INTERRUPT = 9 };
enum exception {
    BREAKPOINT = 3,
    INSTRUCTION_PAGE_FAULT = 12,
    LOAD_PAGE_FAULT = 13,
    STORE_PAGE_FAULT = 15
};

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

#define FAULTS_MOST 100u /* of a task; then what is left on its stack is not cleaned up */

/* Goes on with unwinding the running task: to its next cleanup, the end of its innermost guarded call, or its own
 * end. @return the registers to go on with. */
static REQUIRES(irqs_off) struct registers *unwind_on(struct task *task)
{
    const struct registers *frame = task->recovery;
    struct registers *registers = &task->registers;
    enum status status = (enum status)task->unwinding;
    enum unwind_end end =
        task->faults > FAULTS_MOST
            ? UNWIND_LOST
            : unwind(registers, task->stack_low, task->stack_high, frame);

    if (end == UNWIND_CLEANUP)
        return registers;
    if (end == UNWIND_LOST)
        log_print("fault: task %lu %s: its stack cannot be followed, so what its frames hold is lost",
                  task->number, task->name);
    if (status == ERR_FAULT)
        hooks.fault_outcome(task, frame ? "guarded call failed" : "task ended", NULL);
    if (frame) {
        registers->pc = (uint64_t)guard_return;
        registers->x[2] = (uint64_t)frame;
        registers->x[10] = status;
        registers->status = SSTATUS_SPP | (frame->x[2] & SSTATUS_SIE ? SSTATUS_SPIE : 0);
        task->recovery = (void *)frame->x[0];
        task->unwinding = (uint32_t)frame->x[3];
        return registers;
    }
    if (task == &this_hart()->idle)
        machine_fail("a fault outside any task");
    task->unwinding = OK;
    task->end_status = status;
    return dispatch(task, TASK_DEAD);
}

/* The cleanups need room: what lies below a stack that is full is opened, once. */
static void open_reserve(struct task *task, const struct registers *registers)
{
    uint64_t below = task->stack_low - PAGE_BYTES;

    if (registers->cause >= INSTRUCTION_PAGE_FAULT && registers->value - below < PAGE_BYTES &&
        hooks.vm_reserve_open(below)) {
        task->stack_low = below;
        task->reserve_open = true;
    }
}

static REQUIRES(irqs_off) struct registers *task_fault(struct task *task)
{
    open_reserve(task, &task->registers); /* first: the walk looks at what lies there */
    report_fault(task, &task->registers);
    task->faults++;
    if (!task->unwinding)
        task->unwinding = ERR_FAULT;
    return unwind_on(task);
}

/* Whether a task that was killed can end where it was interrupted (task_condemn()). Not inlined: what lies unused in
 * the frame of trap_handler() is looked at when a cell that was replaced is to go (reclaim.c). */
static __attribute__((noinline)) REQUIRES(irqs_off) bool can_end_here(struct task *task)
{
    const struct registers *registers = &task->registers;
    char place[100];

    if (unwind_is_safe(registers, task->stack_low, task->stack_high))
        return true;
    if (++task->kill_tries > KILL_TRIES && is_in_cell(registers->pc)) {
        log_print("task %lu %s is killed in %s: what is under way there may be lost", task->number,
                  task->name, hooks.code_describe(registers->pc, place, sizeof place));
        return true;
    }
    hooks.clock_nudge(KILL_RETRY_NS);
    return false;
}

struct registers *trap_handler(struct registers *registers)
{
    struct hart *hart = this_hart();
    struct task *task = hart->current;
    uint64_t cause = registers->cause;

    role_assert_irqs_off();
    if (hart->depth > 1) {
        hooks.console_emergency = firmware_console; /* the cell's may be what faulted */
        report_fault(task, registers);
        machine_fail("a fault in an interrupt or in the scheduler");
    }
    if (cause & CAUSE_INTERRUPT) {
        interrupt(cause & ~CAUSE_INTERRUPT);
        /* First, as the scheduler must hear of it when a turn is over. */
        if (hart->reschedule && task != &hart->idle)
            return dispatch(task, TASK_READY);
        if (is_condemned(task) && can_end_here(task)) {
            task->unwinding = ERR_CANCELLED;
            return unwind_on(task);
        }
        return registers;
    }
    if (cause == BREAKPOINT && registers->pc == (uint64_t)_Unwind_Resume && task->unwinding)
        return unwind_on(task);
    if (cause == BREAKPOINT && registers->pc == (uint64_t)task_dies_here) {
        task->unwinding = ERR_CANCELLED;
        return unwind_on(task);
    }
    if ((cause == LOAD_PAGE_FAULT || cause == STORE_PAGE_FAULT) &&
        hooks.vm_page_fault(registers->value, cause == STORE_PAGE_FAULT))
        return registers;
    return task_fault(task);
}

/* What the unwind tables refer to. unwind() reads the tables itself. */
void __gcc_personality_v0(void)
{
    panic("the personality routine was called");
}
