/* Wait queues.
 *
 * Why no wake-up is lost. A waiter enters the queue, then tests its condition, then parks. A waker
 * makes the condition true, then calls wait_wake(). Both take the queue's lock. If the waker comes
 * first, the waiter's test, which comes after its own locked section, sees the condition. If the
 * waiter comes first, the waker finds and unparks it, and an unpark of a task that does not sleep
 * yet makes its next park return at once.
 *
 * Whether a waiter still is in the queue is known under the lock only: a waker may have unparked
 * it, and it may have run on, before the waker gets to clear op->queue. A waiter that took itself
 * to be in the queue then, and parked again, would sleep where nobody looks.
 *
 * Whose memory it is. op lies on the waiter's stack. The waker's last access to op, and to the
 * task, is the store of NULL to op->queue; whoever reads NULL there may leave without the lock, and
 * whoever does not takes the lock and so waits for the waker. The queue itself must outlive each
 * wait_wake() on it: its owner and those who wake through it hold the same object. */
#include "cell.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "task.h"
#include "task_cell.h"

static inline struct list *waiters_of(struct wait_queue *queue) REQUIRES(queue->lock);
static inline struct list *waiters_of(struct wait_queue *queue)
{
    return &queue->waiters;
}

static inline enum status *closed_of(struct wait_queue *queue) REQUIRES(queue->lock);
static inline enum status *closed_of(struct wait_queue *queue)
{
    return &queue->closed;
}

static struct wait_queue *queue_of(const wait_op *op) BORROWS(*op);
static struct wait_queue *queue_of(const wait_op *op)
{
    return __atomic_load_n(&op->queue, __ATOMIC_ACQUIRE);
}

EXPORT void wait_queue_init(struct wait_queue *queue)
{
    queue->lock = (struct spinlock){0};
    queue->closed = OK;
    list_init(&queue->waiters);
}

/* Unchecked: makes the handle. */
EXPORT void wait_begin(wait_op *op) UNCHECKED
{
    op->queue = NULL;
    op->task = task_current();
    list_init(&op->link);
}

/* Takes @p op out of the queue that it is in, if any. */
static void leave(wait_op *op) BORROWS_MUT(*op);
static void leave(wait_op *op)
{
    OWN(spin_guard) guard = {0};
    struct wait_queue *queue = queue_of(op);

    if (!queue)
        return;
    spin_lock(&guard, &queue->lock);
    list_remove(&op->link); /* harmless when a waker did it between our look and our lock */
    op->queue = NULL;
    spin_unlock(&guard, &queue->lock);
}

EXPORT enum status wait_enter(wait_op *op, struct wait_queue *queue)
{
    OWN(spin_guard) guard = {0};
    enum status closed;

    if (queue_of(op) != queue)
        leave(op);
    spin_lock(&guard, &queue->lock);
    closed = *closed_of(queue);
    if (closed == OK && !op->queue) {
        op->queue = queue;
        list_push_back(waiters_of(queue), &op->link);
    }
    spin_unlock(&guard, &queue->lock);
    return closed;
}

/* Unchecked: ends the handle. */
EXPORT void wait_end(wait_op *op) UNCHECKED
{
    leave(op);
    op->task = NULL;
}

EXPORT void wait_op_unwind(wait_op *op)
{
    if (op->task)
        wait_end(op);
}

/* Takes up to @p most out and unparks them. */
static unsigned wake(struct wait_queue *queue, unsigned most) REQUIRES(queue->lock);
static unsigned wake(struct wait_queue *queue, unsigned most)
{
    unsigned woken = 0;

    while (woken < most && !list_empty(waiters_of(queue))) {
        wait_op *op = list_entry(waiters_of(queue)->next, wait_op, link);

        task_unpark(op->task); /* first: who is cut short here shall have lost nobody */
        list_remove(&op->link);
        __atomic_store_n(&op->queue, NULL, __ATOMIC_RELEASE);
        woken++;
    }
    return woken;
}

EXPORT unsigned wait_wake(struct wait_queue *queue, unsigned most)
{
    OWN(spin_guard) guard = {0};
    unsigned woken;

    spin_lock(&guard, &queue->lock);
    woken = wake(queue, most);
    spin_unlock(&guard, &queue->lock);
    return woken;
}

EXPORT void wait_queue_close(struct wait_queue *queue, enum status status)
{
    OWN(spin_guard) guard = {0};

    if (status == OK)
        panic("a wait queue is closed with \"ok\": waiters would take that for an open one");
    spin_lock(&guard, &queue->lock);
    if (*closed_of(queue) == OK)
        *closed_of(queue) = status;
    (void)wake(queue, UINT32_MAX);
    spin_unlock(&guard, &queue->lock);
}

/* Unchecked, both: the transitions of the handle. */
EXPORT void wait_own(wait_owner *owner, struct wait_queue *queue) UNCHECKED
{
    struct task_object *object = object_of(task_current());

    owner->queue = queue;
    list_init(&owner->link);
    if (object)
        list_push_back(&object->owners, &owner->link);
}

EXPORT void wait_disown(wait_owner *owner) UNCHECKED
{
    list_remove(&owner->link);
    owner->queue = NULL;
}

void owner_close(wait_owner *owner, enum status end)
{
    struct wait_queue *queue = owner->queue;
    bool fault = end == ERR_FAULT || end == ERR_TIMEOUT; /* for others a watchdog's end is a fault */

    wait_disown(owner);
    wait_queue_close(queue, fault ? ERR_FAULT : ERR_CANCELLED);
}

EXPORT void wait_owner_unwind(wait_owner *owner)
{
    if (owner->queue)
        owner_close(owner, (enum status)task_current()->unwinding);
}
