/*
 * How a timer is given back. Of the cell's state this needs nothing, only the op and the lock of the
 * list that it is in: so it serves in quarantine, too, where an op that stayed in its list would
 * be met there by the repaired cell, long after the task had gone whose stack it was on.
 */
#include "cell.h"
#include "clock.h"
#include "nucleus/spinlock.h"

/** Takes @p op out of the list, if it is in. Always under the lock: afterwards no hart uses it. */
static void op_leave(clock_op *op) BORROWS_MUT(*op);
static void op_leave(clock_op *op)
{
    OWN(spin_guard) guard = {0};
    struct spinlock *lock = op->lock;

    spin_lock(&guard, lock);
    if (op->pending)
        list_remove(&op->link);
    op->pending = 0;
    spin_unlock(&guard, lock);
}

/* Unchecked: the drop of the op. */
EXPORT void clock_end(clock_op *op) UNCHECKED
{
    op_leave(op);
    op->task = NULL;
}

EXPORT void clock_op_unwind(clock_op *op)
{
    if (op->task)
        clock_end(op);
}
