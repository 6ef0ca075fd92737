/**
 * @file sched.h
 * Interface `sched`: which task runs next. Providers: sched_rr, sched_mlfq. One is bound at a time.
 *
 * Called by the nucleus (hooks) with interrupts off. A ready task belongs to the scheduler, which keeps
 * it linked by task->run_link and may use task->sched[]; picked, it belongs to the hart.
 *
 * A provider may take over while tasks run. It is given all tasks that are ready, as if they had just been
 * woken, and none of those that run or sleep: these it sees first when they are ready again, the running
 * ones as yielded or preempted. So a task that comes for the first time may have been picked by another
 * scheduler, and words in task->sched[] from there. After that every hart picks anew, the idle ones too.
 */
#ifndef MITOS_SCHED_H
#define MITOS_SCHED_H

#include <stdint.h>

#include "nucleus/task.h"
#include "own.h"

/** Why a task became ready. */
enum ready_cause { READY_WOKEN, READY_YIELDED, READY_PREEMPTED };

/**
 * @p task is ready: put it into a run queue, and kick a hart if one should look (hart_kick()).
 * Its registers are saved; it may be picked on any hart at once. Unless it was woken, the caller is the
 * hart that it ran on last, task->hart, which calls sched_pick() next, interrupts off in between.
 */
void sched_ready(struct task *task, enum ready_cause cause) REQUIRES(irqs_off);
/** The task that this hart shall run next, taken out of its queue, or NULL to idle. Arms the slice. */
struct task *sched_pick(void) REQUIRES(irqs_off);

struct sched_stats {
    uint64_t picks, steals, preemptions;
    uint32_t ready; /* tasks in the queues of all harts now */
};
/** Figures of all harts since this scheduler took over. For tests and people; they may be out of date at once. */
void sched_stats(struct sched_stats *stats);

#endif
