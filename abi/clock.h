/**
 * @file clock.h
 * Interface `clock`: time in nanoseconds since boot, timers, the scheduler's slice.
 */
#ifndef MITOS_CLOCK_H
#define MITOS_CLOCK_H

#include <stdint.h>

#include "cell.h"
#include "nucleus/list.h"
#include "nucleus/task.h"
#include "own.h"
#include "status.h"

/** Nanoseconds since the machine's clock started; never goes back. */
uint64_t clock_now_ns(void);

/**
 * The running task's turn on this hart ends @p ns from now (0: no end). One slice per hart; a new one
 * replaces it. When it ends, the interrupt calls hart_reschedule().
 */
void clock_slice(uint64_t ns) REQUIRES(irqs_off) OR_NOTHING;

/** A task's wait for a point in time: owned by the client, lives on its stack. */
typedef struct LINEAR("clock_op") clock_op {
    struct task *task;
    uint64_t due_ns;
    struct spinlock *lock; /* of the hart's timer list that it is in */
    uint32_t pending;      /* 1 while in the list */
    struct list link;
} clock_op;

/** Starts a timer for the running task, due at @p due_ns on the scale of clock_now_ns(). */
void clock_begin(clock_op *op, uint64_t due_ns) MAKES(*op);
/** OK when the time has come, else AGAIN (the task is unparked when it comes). */
MUST_CHECK enum status clock_step(clock_op *op) BORROWS_MUT(*op);
/** Cancels or finishes. The drop. */
void clock_end(clock_op *op) TAKES(*op);
void clock_op_unwind(clock_op *op) UNCHECKED;

/** Sleeps for @p ns. */
static inline void clock_sleep(uint64_t ns) REQUIRES(may_park);
static inline void clock_sleep(uint64_t ns)
{
    OWN(clock_op) op = {0};

    clock_begin(&op, clock_now_ns() + ns);
    while (clock_step(&op) == AGAIN)
        task_park();
    clock_end(&op);
}

/** For the nucleus (hook): a timer interrupt of this hart shall come within @p ns, whatever else is due. */
void clock_nudge(uint64_t ns) REQUIRES(irqs_off);
/** For the nucleus (hook): the timer interrupt of this hart. */
void clock_interrupt(void) REQUIRES(irqs_off);

#endif
