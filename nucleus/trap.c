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
uint64_t held_fault;

static REQUIRES(irqs_off) void interrupt(uint64_t number)
{
    if (number == TIMER_INTERRUPT) {
        hooks.clock_interrupt();
        if (scheduler_is_plain())
            hart_reschedule(); /* it knows no slices */
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

#define FAULTS_MOST 100u /* of one unwinding; then what is left on the stack is not cleaned up */

struct trapped trapped_at(uint64_t depth)
{
    struct hart *hart = this_hart();
    struct task *task = hart->current;

    if (depth > 1)
        return (struct trapped){&hart->idle, &hart->levels[depth - 2].registers, (uint64_t)hart->stacks,
                                (uint64_t)hart->stacks + HART_STACK_BYTES, NULL};
    return (struct trapped){task, &task->registers, task->stack_low, task->stack_high, task->recovery};
}

/* The fault has cut a hook short, and its frames are cleaned up. Its caller goes on behind the call. */
static REQUIRES(irqs_off) void leave_hook(const struct trapped *from, const struct hook *hook)
{
    bool scheduler = hook->slot == (void *)&hooks.sched_pick || hook->slot == (void *)&hooks.sched_ready;

    if (scheduler)
        scheduler_retire(hook->function);
    from->registers->pc = hook->after;
    hooks.fault_outcome(from->task, scheduler ? "the nucleus schedules" : "its caller goes on", hook->name);
}

/* Goes on with unwinding: to the next cleanup, the end of the innermost call of a hook or guarded call, or that of
 * the task. @return the registers to go on with. */
static REQUIRES(irqs_off) struct registers *unwind_on(const struct trapped *from)
{
    struct task *task = from->task;
    struct registers *registers = from->registers;
    const struct registers *frame = from->recovery;
    enum status status = task->unwinding ? (enum status)task->unwinding : ERR_FAULT;
    enum unwind_end end = UNWIND_LOST;
    struct hook *hook;

    if (task->faults <= FAULTS_MOST)
        end = unwind(from, true, &hook);
    if (end == UNWIND_HOOK)
        leave_hook(from, hook);
    if (end == UNWIND_CLEANUP || end == UNWIND_HOOK)
        return registers;
    if (!frame && task == &this_hart()->idle)
        machine_fail(this_hart()->depth > 1 ? "a fault in a handler, and in no hook"
                                            : "a fault outside of any task");
    if (end == UNWIND_LOST)
        log_print("fault: task %lu %s: its stack cannot be followed, so what its frames hold is lost",
                  task->number, task->name);
    if (status != ERR_CANCELLED && !harts_are_held())
        hooks.fault_outcome(task, frame ? "guarded call failed" : "task ended", NULL);
    if (frame) {
        registers->pc = (uint64_t)guard_return;
        registers->x[2] = (uint64_t)frame;
        registers->x[10] = status;
        registers->status = SSTATUS_SPP | (frame->x[2] & SSTATUS_SIE ? SSTATUS_SPIE : 0);
        task->recovery = (void *)frame->x[0];
        task->unwinding = (uint32_t)frame->x[3];
        task->faults = task->unwinding ? task->faults : 0; /* nothing unwinds any more */
        return registers;
    }
    task->unwinding = OK;
    task->end_status = status;
    return dispatch(task, TASK_DEAD);
}

/* The cleanups need room: what lies below a stack that is full is opened, once. */
static void open_reserve(struct trapped *from)
{
    const struct registers *registers = from->registers;
    uint64_t below = from->stack_low - PAGE_BYTES;

    if (registers->cause >= INSTRUCTION_PAGE_FAULT && registers->value - below < PAGE_BYTES &&
        registers == &from->task->registers && hooks.vm_reserve_open(below)) {
        from->task->stack_low = from->stack_low = below;
        from->task->reserve_open = true;
    }
}

/* While all other harts stand still nothing is reported, as one of them may be within a report: who holds them says
 * afterwards what happened. */
static void tell(const struct trapped *from)
{
    if (harts_are_held() && from->registers->pc != (uint64_t)software_fault) /* of that it is known already */
        held_fault = from->registers->pc;
    else if (!harts_are_held())
        report_fault(from);
}

static REQUIRES(irqs_off) struct registers *fault(struct trapped *from)
{
    struct task *task = from->task;
    struct hook *hook = NULL;

    if (!harts_are_held())
        open_reserve(from); /* first: the walk looks at what lies there */
    if (unwind(from, false, &hook) == UNWIND_HOOK)
        hook_faulted(hook, from->registers->pc); /* before the report, which may need it */
    else
        hook = NULL;
    tell(from);
    if (!hook) {
        task->faults++;
        if (!task->unwinding)
            task->unwinding = ERR_FAULT;
    }
    return unwind_on(from);
}

/* Asks for an interrupt. While all other harts stand still no cell is asked: it might wait for one of them. */
static REQUIRES(irqs_off) void nudge(uint64_t ns)
{
    if (harts_are_held())
        hart_timer(hart_ticks() + ns * machine_timebase() / 1000000000, false);
    else
        hooks.clock_nudge(ns);
}

enum status limited_call(enum status (*function)(void *argument), void *argument, uint32_t steps)
{
    struct task *task = task_current();
    uint32_t timeout = ERR_TIMEOUT, none = OK;
    bool held = harts_are_held();
    OWN(irq_guard) guard = {0};
    enum status status;

    irq_disable(&guard);
    task->patience = steps;
    __atomic_compare_exchange_n(&task->killed, &none, ERR_TIMEOUT, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    nudge(LIMIT_STEP_NS);
    irq_restore(&guard);
    if (held) {
        csr_clear(sie, SIE_SSIE | SIE_SEIE);
        csr_set(sstatus, SSTATUS_SIE);
    }
    status = guarded_call(function, argument);
    if (held) {
        csr_clear(sstatus, SSTATUS_SIE);
        role_assert_irqs_off();
        hart_timer(hart_ticks(), false); /* the clock's own, which comes behind the hold, sets the next */
    }
    __atomic_compare_exchange_n(&task->killed, &timeout, OK, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    task->kill_tries = 0;
    task->patience = 0; /* last: without it an end that is still asked for takes effect at once */
    return status;
}

static bool is_end_of_cleanup(const struct registers *registers)
{
    return registers->cause == BREAKPOINT && registers->pc == (uint64_t)_Unwind_Resume;
}

/* Whether a task that was killed can end where it was interrupted (task_condemn()). Not inlined: what lies unused in
 * the frame of trap_handler() is looked at when a cell that was replaced is to go (cell reclaim). */
static __attribute__((noinline)) REQUIRES(irqs_off) bool can_end_here(const struct trapped *from)
{
    const struct registers *registers = from->registers;
    struct task *task = from->task;
    char place[100];

    if (is_patient(task)) {
        task->patience--;
        nudge(LIMIT_STEP_NS);
        return false;
    }
    if (harts_are_held() ? is_in_cell(registers->pc) /* what is under way there is undone */
                         : unwind_is_safe(from))
        return true;
    if (++task->kill_tries > KILL_TRIES && is_in_cell(registers->pc)) {
        log_print("task %lu %s is killed in %s: what is under way there may be lost", task->number,
                  task->name, hooks.code_describe(registers->pc, place, sizeof place));
        return true;
    }
    nudge(KILL_RETRY_NS * (1 + task->kill_tries / KILL_TRIES_ALIKE));
    return false;
}

/* Ends the task, which was killed, here. A watchdog's end is a fault, with a report, and is over with it. */
static REQUIRES(irqs_off) struct registers *end_here(const struct trapped *from)
{
    struct task *task = from->task;
    uint32_t timeout = ERR_TIMEOUT;

    task->unwinding = __atomic_load_n(&task->killed, __ATOMIC_RELAXED);
    if (__atomic_compare_exchange_n(&task->killed, &timeout, OK, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
        task->unwinding = ERR_TIMEOUT;
        task->kill_tries = 0;
        task->registers.cause = CAUSE_WATCHDOG;
        task->registers.value = 0;
        tell(from);
    }
    return unwind_on(from);
}

struct registers *trap_handler(struct registers *registers)
{
    struct hart *hart = this_hart();
    struct trapped from = trapped_at(hart->depth);
    struct task *task = from.task;
    uint64_t cause;

    role_assert_irqs_off();
    if (registers->cause == BREAKPOINT && hooks.fault_planted(registers))
        return registers;
    cause = registers->cause;
    if (hart->depth > 1)
        return is_end_of_cleanup(registers) ? unwind_on(&from) : fault(&from);
    if (cause & CAUSE_INTERRUPT) {
        if (harts_are_held()) {
            csr_clear(sie, SIE_STIE); /* that of nudge(), which is over; the next one sets it again */
        } else {
            interrupt(cause & ~CAUSE_INTERRUPT);
            /* First, as the scheduler must hear of it when a turn is over. */
            if (hart->reschedule && task != &hart->idle)
                return dispatch(task, TASK_READY);
        }
        return is_condemned(task) && can_end_here(&from) ? end_here(&from) : registers;
    }
    if (is_end_of_cleanup(registers))
        return unwind_on(&from);
    if (cause == BREAKPOINT && registers->pc == (uint64_t)task_dies_here)
        return end_here(&from);
    if ((cause == LOAD_PAGE_FAULT || cause == STORE_PAGE_FAULT) &&
        hooks.vm_page_fault(registers->value, cause == STORE_PAGE_FAULT))
        return registers;
    return fault(&from);
}

/* What the unwind tables refer to. unwind() reads the tables itself. */
void __gcc_personality_v0(void)
{
    panic("the personality routine was called");
}
