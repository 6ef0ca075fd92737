/**
 * @file task.h
 * Interface `task`: spawn, join, sleep, wait queues.
 */
#ifndef MITOS_TASK_H
#define MITOS_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/task.h"
#include "own.h"
#include "status.h"

/** The right, and the duty, to join a task. Exactly one of task_join() and task_detach(). */
typedef struct LINEAR("task_handle") task_handle {
    struct task *task;
} task_handle;

#define TASK_STACK_BYTES 16384u

/**
 * Starts @p entry(@p argument) in a task of its own, on a stack of TASK_STACK_BYTES with a guard page.
 * @p entry begins with role_assert_may_park(). Its return value is what task_join() gives.
 * @p name is copied and cut to TASK_NAME_ROOM - 1 bytes. Never sleeps.
 * @return false: no memory.
 */
bool task_spawn(task_handle *handle, const char *name, int (*entry)(void *argument), void *argument)
    TRY_MAKES(*handle);
/** The same for a service: task_service() calls @p step(@p argument), see there. Its result is 0. */
bool task_spawn_service(task_handle *handle, const char *name, enum status (*step)(void *argument),
                        void *argument) TRY_MAKES(*handle);
/** The same for a command: task_main() calls @p main. @p argv, which ends with NULL, must live as long. */
bool task_spawn_main(task_handle *handle, const char *name, int (*main)(int argc, char **argv),
                     char **argv) TRY_MAKES(*handle);
/** What has become of the task: AGAIN while it lives (the caller is then woken at its end), else OK, or
 *  ERR_FAULT when a fault ended it, ERR_CANCELLED a kill, or what else ended its task_service(). @p result is set with OK. */
MUST_CHECK enum status task_join_step(task_handle *handle, int *result) BORROWS_MUT(*handle);
/** Gives up the right to join; the task cleans up after itself. Also the drop. */
void task_detach(task_handle *handle) TAKES(*handle);
void task_handle_unwind(task_handle *handle) UNCHECKED;

/** Waits for the end of the task. @return what task_join_step() says in the end; @p result (may be NULL) is set with OK. */
static inline enum status task_join(task_handle *handle, int *result) TAKES(*handle)
    REQUIRES(may_park);
static inline enum status task_join(task_handle *handle, int *result)
{
    enum status status;
    int value = 0;

    while ((status = task_join_step(handle, &value)) == AGAIN)
        task_park();
    if (status == OK && result)
        *result = value;
    task_detach(handle);
    return status;
}

/** Ends the running task with @p result, as a return from its entry does. */
_Noreturn void task_exit(int result) REQUIRES(may_park);

/**
 * Asks @p number's task to end with ERR_CANCELLED... taken up by task_cancelled(): commands poll it, the
 * shell sets it at Ctrl-C. @return ERR_NOT_FOUND.
 */
MUST_CHECK enum status task_cancel(uint64_t number);
/** Kills @p number's task, whether it wants to or not: see task_condemn(). @return ERR_NOT_FOUND, also for tasks
 *  of the nucleus. */
MUST_CHECK enum status task_kill(uint64_t number);
/** Whether somebody asked the running task to end. */
bool task_cancelled(void);

/**
 * A wait queue: the tasks that wait for one condition, first come first served. Owned by, and part of,
 * the object that it belongs to; zero it, then wait_queue_init().
 */
struct wait_queue {
    struct spinlock lock;
    /* lock guards: */
    struct list waiters; /* struct wait_op */
};

/** One task's wait: owned by the client, lives on its stack. */
typedef struct LINEAR("wait_op") wait_op {
    struct wait_queue *queue; /* NULL: in none */
    struct task *task;
    struct list link;
} wait_op;

void wait_queue_init(struct wait_queue *queue);
/** Prepares @p op for the running task; in no queue yet. */
void wait_begin(wait_op *op) MAKES(*op);
/** Enters @p queue unless in it already. Test the condition after this, then park. */
void wait_enter(wait_op *op, struct wait_queue *queue) BORROWS_MUT(*op);
/** Leaves the queue, woken or not. The drop. */
void wait_end(wait_op *op) TAKES(*op);
void wait_op_unwind(wait_op *op) UNCHECKED;
/**
 * Takes up to @p most waiters out of the queue and unparks them. @return how many. Any context.
 * Make true what they wait for before the call: that is all a woken task may judge by, op->queue is not.
 * With fewer than all woken, a waiter that finds its condition true while it is in the queue may use up a
 * wake-up meant for another: after wait_end() it looks whether there is more, and then wakes the next.
 */
unsigned wait_wake(struct wait_queue *queue, unsigned most);

/** Frees cached tasks and stacks, so that figures can be compared. Before vm_drain(), heap_drain(). */
void task_drain(void);

/** For the nucleus (hook): @p task has ended and its hart has left its stack. */
void task_ended(struct task *task);

#endif
