/*
 * Time: the `time` CSR in nanoseconds, timers of tasks, and the scheduler's slice.
 *
 * There is no periodic tick. Each hart has a list of timers, the earliest first, and one slice;
 * its timer interrupt is set to the earlier of the two. Timers are put into the list of the hart
 * that asks, so only that hart ever has to set its hardware to an earlier time. A timer may be
 * cancelled from elsewhere, and the slice may be moved to later: then the hardware keeps its
 * time, the interrupt finds nothing to do and sets the next one. That makes a new slice in every
 * switch cheap.
 *
 * Nothing here is lost before start(): the hardware is set as soon as somebody asks, if need be by SBI.
 */
#include "cell.h"
#include "clock.h"
#include "devicetree.h"
#include "nucleus/hart.h"
#include "nucleus/list.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "ticks.h"

#define NEVER UINT64_MAX

struct hart_clock {
    struct spinlock lock;
    /* lock guards: */
    struct list ops; /* clock_op by link; INV-CLOCK-1: by due_ns, equal ones as they came */
    /* of this hart alone, interrupts off: */
    uint64_t slice_end; /* ticks; NEVER while no slice runs */
    uint64_t armed;     /* INV-CLOCK-2: the hardware is set to this, and nothing is due earlier */
    uint64_t slice_ns, slice_ticks; /* the last length of a slice in both units */
} __attribute__((aligned(64)));

struct clock_state {
    struct hart_clock harts[MAX_HARTS];
    uint64_t timebase;
    bool sstc; /* until start() SBI is used, which any machine has */
};
CELL_STATE(struct clock_state);

static inline struct list *clock_ops(struct hart_clock *clock) REQUIRES(clock->lock);
static inline struct list *clock_ops(struct hart_clock *clock)
{
    return &clock->ops;
}

static uint64_t now_ns(void)
{
    return ticks_to_ns(hart_ticks(), state.timebase);
}

EXPORT uint64_t clock_now_ns(void)
{
    return now_ns();
}

/** Sets this hart's timer interrupt to @p ticks. */
static void timer_set(struct hart_clock *clock, uint64_t ticks) REQUIRES(irqs_off);
static void timer_set(struct hart_clock *clock, uint64_t ticks)
{
    clock->armed = ticks;
    hart_timer(ticks, state.sstc);
}

EXPORT void clock_slice(uint64_t ns)
{
    struct hart_clock *clock = &state.harts[hart_index()];

    if (ns == 0) {
        clock->slice_end = NEVER;
        return;
    }
    if (ns != clock->slice_ns) {
        clock->slice_ns = ns;
        clock->slice_ticks = ns_to_ticks(ns, state.timebase);
    }
    clock->slice_end = hart_ticks() + clock->slice_ticks;
    if (clock->slice_end < clock->armed)
        timer_set(clock, clock->slice_end);
}

static void op_insert(struct hart_clock *clock, clock_op *op) REQUIRES(clock->lock);
static void op_insert(struct hart_clock *clock, clock_op *op)
{
    struct list *before = clock_ops(clock)->previous;

    /* From the end: most sleeps begin later and end later than those that wait. */
    while (before != clock_ops(clock) && list_entry(before, clock_op, link)->due_ns > op->due_ns)
        before = before->previous;
    list_insert_between(&op->link, before, before->next);
    op->pending = 1;
}

/** Enters @p op on this hart. */
static void op_enter(clock_op *op, struct hart_clock *clock) REQUIRES(irqs_off);
static void op_enter(clock_op *op, struct hart_clock *clock)
{
    OWN(spin_guard) guard = {0};
    uint64_t ticks = ns_to_ticks(op->due_ns, state.timebase);

    spin_lock_nested(&guard, &clock->lock);
    op_insert(clock, op);
    spin_unlock_nested(&guard, &clock->lock);
    if (ticks < clock->armed)
        timer_set(clock, ticks);
}

/* Unchecked: makes the op. */
EXPORT void clock_begin(clock_op *op, uint64_t due_ns) UNCHECKED
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    op->task = task_current();
    op->due_ns = due_ns;
    op->lock = &state.harts[hart_index()].lock;
    op_enter(op, &state.harts[hart_index()]);
    irq_restore(&guard);
}

EXPORT enum status clock_step(clock_op *op)
{
    return now_ns() >= op->due_ns ? OK : AGAIN;
}

EXPORT void clock_nudge(uint64_t ns)
{
    struct hart_clock *clock = &state.harts[hart_index()];
    uint64_t ticks = hart_ticks() + ns_to_ticks(ns, state.timebase);

    if (ticks < clock->armed)
        timer_set(clock, ticks);
}

/**
 * Wakes the tasks of the ops that are due. The lock is held over the wake-ups, because an op's
 * task may end, and its head go, as soon as clock_end() has found the op out of the list.
 * @return when the next op is due, in ticks.
 */
static uint64_t ops_wake(struct hart_clock *clock, uint64_t now) REQUIRES(irqs_off);
static uint64_t ops_wake(struct hart_clock *clock, uint64_t now)
{
    OWN(spin_guard) guard = {0};
    uint64_t next = NEVER;

    spin_lock_nested(&guard, &clock->lock);
    while (!list_empty(clock_ops(clock))) {
        clock_op *op = list_entry(clock_ops(clock)->next, clock_op, link);

        if (op->due_ns > now) {
            next = ns_to_ticks(op->due_ns, state.timebase);
            break;
        }
        task_unpark(op->task); /* first: who is cut short here shall have lost nobody */
        list_remove(&op->link);
        op->pending = 0;
    }
    spin_unlock_nested(&guard, &clock->lock);
    return next;
}

EXPORT void clock_interrupt(void)
{
    struct hart_clock *clock = &state.harts[hart_index()];
    uint64_t ticks = hart_ticks();
    uint64_t next;

    clock->armed = 0; /* whatever is asked for meanwhile is set below */
    if (clock->slice_end <= ticks) {
        clock->slice_end = NEVER;
        hart_reschedule();
    }
    next = ops_wake(clock, ticks_to_ns(ticks, state.timebase));
    timer_set(clock, next < clock->slice_end ? next : clock->slice_end);
}

static enum status clock_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's, with the timers that are set */
    state.timebase = machine_timebase();
    for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
        struct hart_clock *clock = &state.harts[hart];

        list_init(&clock->ops);
        clock->slice_end = NEVER;
        clock->armed = NEVER;
    }
    return OK;
}

/** Has this hart's timer interrupt at once, which looks at all that is due and sets the next one. */
static void timer_renew(void *unused)
{
    (void)unused;
    role_assert_irqs_off(); /* hart_each() calls it so */
    timer_set(&state.harts[hart_index()], hart_ticks());
}

/** A predecessor's interrupt may have been cut short before it had set the hardware. */
static enum status clock_start(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        hart_each(timer_renew, NULL);
    else
        state.sstc = machine_has_isa("sstc");
    return OK;
}

/** INV-CLOCK-1 of one hart. */
static bool ops_are_sorted(struct hart_clock *clock)
{
    OWN(spin_guard) guard = {0};
    uint64_t last = 0;
    bool sorted = true;

    spin_lock(&guard, &clock->lock);
    list_each(node, clock_ops(clock))
    {
        const clock_op *op = list_entry(node, clock_op, link);

        sorted = sorted && op->pending && op->due_ns >= last;
        last = op->due_ns;
    }
    spin_unlock(&guard, &clock->lock);
    return sorted;
}

static enum status clock_check(void)
{
    for (unsigned hart = 0; hart < hart_count(); hart++)
        if (!ops_are_sorted(&state.harts[hart]))
            return ERR_FAULT;
    return OK;
}

static void timer_stop(void *unused)
{
    (void)unused;
    role_assert_irqs_off(); /* hart_each() calls it so */
    timer_set(&state.harts[hart_index()], NEVER);
}

static bool ops_wait(struct hart_clock *clock)
{
    OWN(spin_guard) guard = {0};
    bool wait;

    spin_lock(&guard, &clock->lock);
    wait = !list_empty(clock_ops(clock));
    spin_unlock(&guard, &clock->lock);
    return wait;
}

static enum status clock_stop(enum cell_reason reason)
{
    (void)reason;
    for (unsigned hart = 0; hart < hart_count(); hart++)
        if (ops_wait(&state.harts[hart]))
            return ERR_BUSY;
    hart_each(timer_stop, NULL);
    return OK;
}

CELL(.name = "clock", .version = "1.0",
     .summary = "Nanoseconds since boot, timers of tasks, the scheduler's slice; no periodic tick",
     .provides = "clock", .init = clock_init, .start = clock_start, .stop = clock_stop,
     .check = clock_check);
