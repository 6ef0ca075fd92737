/**
 * @file nucleus/report.h
 * A fault, as the nucleus hands it to whoever reports it (hook fault_report, faults.h).
 */
#ifndef MITOS_NUCLEUS_REPORT_H
#define MITOS_NUCLEUS_REPORT_H

#include "task.h"

/** registers->cause where no trap was it, but a watchdog (task_condemn()): one that the hardware leaves free. */
#define CAUSE_WATCHDOG 24u

struct fault_context {
    const struct task *task;
    const struct registers *registers; /* at the fault: the task's own, or those of a handler */
    const char *note;                  /* the text of a fault that software found; or "" */
    uint64_t stack_low, stack_high;    /* of the stack that it happened on, for walks (walk.h) */
    unsigned depth; /* of traps on this hart, from 1; for fault_interrupted() */
};

/**
 * Where a walk from @p context ended at a trap (WALK_TRAP): makes it the context that this trap interrupted. For
 * the hook, on its hart. @return false: there is none.
 */
bool fault_interrupted(struct fault_context *context);

#endif
