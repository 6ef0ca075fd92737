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

#define RESTARTS_MOST 8u               /* in a row; with the next fault it ends for good */
#define RESTART_FIRST_NS 100000000ul   /* the pause before the first; each further one is twice as long ... */
#define RESTART_LONGEST_NS 6400000000ul /* ... up to this */
#define RESTART_CALM_NS 10000000000ul  /* after so long without a fault the count begins anew */
#define RESTART_ARGUMENT_MOST 4096u

/**
 * The same as task_spawn(), and started again when a fault ends it (ERR_FAULT, or ERR_TIMEOUT of a watch), not a kill:
 * each time with a fresh copy of the @p bytes at @p argument, which are copied now. It keeps its number, and joiners go on
 * waiting: they hear of its end for good.
 * @return false: no memory, or @p bytes > RESTART_ARGUMENT_MOST.
 */
bool task_spawn_restartable(task_handle *handle, const char *name, int (*entry)(void *argument),
                            const void *argument, size_t bytes) TRY_MAKES(*handle);
/** The same for a service. @p step_ns > 0: a step that takes longer ends it as a watch does (watch_begin()). */
bool task_spawn_restartable_service(task_handle *handle, const char *name,
                                    enum status (*step)(void *argument), const void *argument,
                                    size_t bytes, uint64_t step_ns) TRY_MAKES(*handle);

/** How often a task was started again. Zero but for restartable ones. */
struct task_restarts {
    uint32_t count;  /* in all */
    uint32_t in_row; /* of these without calm in between */
    bool waiting;    /* for the next start */
    uint64_t code;   /* what it is about, where task->code is none of its own (a limited step); else 0 */
};
/** For visitors of task_each(). */
void task_restarts_get(const struct task *task, struct task_restarts *restarts);

/** What has become of the task: AGAIN while it lives (the caller is then woken at its end), else OK, or
 *  ERR_FAULT when a fault ended it, ERR_TIMEOUT a watch, ERR_CANCELLED a kill, or what else ended its task_service(). @p result is set with OK. */
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
/** Kills @p number's task, whether it wants to or not: see task_condemn(). A restartable one stays ended.
 *  @return ERR_NOT_FOUND, also for tasks of the nucleus and the keeper of this cell. */
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
    enum status closed;  /* what those hear who wait, from wait_queue_close() on; OK: it is open */
};

/** One task's wait: owned by the client, lives on its stack. */
typedef struct LINEAR("wait_op") wait_op {
    struct wait_queue *queue; /* NULL: in none */
    struct task *task;
    struct list link;
} wait_op;

/** Makes @p queue empty and open. */
void wait_queue_init(struct wait_queue *queue);
/** Wakes all waiters, and from then on lets nobody wait: wait_enter() says @p status, which is not OK. Of several
 *  calls the first one counts. Any context. */
void wait_queue_close(struct wait_queue *queue, enum status status);
/** Prepares @p op for the running task; in no queue yet. */
void wait_begin(wait_op *op) MAKES(*op);
/** Enters @p queue unless in it already. Test the condition after this, then park. In a loop: a waiter that is woken
 *  enters again, and so hears that the queue was closed.
 *  @return OK; else what wait_queue_close() said, ERR_FAULT and ERR_CANCELLED of an owner that ended (wait_own()):
 *  @p op then is in no queue, and nobody will wake it. The condition may be true all the same. */
MUST_CHECK enum status wait_enter(wait_op *op, struct wait_queue *queue) BORROWS_MUT(*op);
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

/**
 * Says that the running task is the one that the waiters of a queue wait for: when it ends without wait_disown(), the
 * queue is closed with ERR_FAULT, or, unless it was a fault (a kill, a return, task_exit()), with ERR_CANCELLED.
 * Also when a guarded_call() ends by a fault. The queue must live until the owner disowns it, or has been joined.
 */
typedef struct LINEAR("wait_owner") wait_owner {
    struct wait_queue *queue; /* NULL: empty */
    struct list link;         /* in the list of its task, which alone uses it */
} wait_owner;

/** Makes the running task the owner of @p queue. */
void wait_own(wait_owner *owner, struct wait_queue *queue) MAKES(*owner);
/** The queue is nobody's again, and stays as it is. The drop. */
void wait_disown(wait_owner *owner) TAKES(*owner);
/** Closes the queue: the owner did not come to say that all is well. */
void wait_owner_unwind(wait_owner *owner) UNCHECKED;

/**
 * A watch over the running task: unless it is fed or ended in time, the task ends as by a fault, with a report whose
 * cause is "watchdog", and with ERR_TIMEOUT. Where and when is as for a kill (task_condemn()). A guarded_call() in it
 * returns ERR_TIMEOUT first; if the task then neither feeds nor ends the watch, it expires again after WATCH_AGAIN_NS.
 */
typedef struct LINEAR("watch") watch {
    struct task *task; /* NULL: empty */
    uint32_t slot;     /* which of its watches */
} watch;
#define WATCH_AGAIN_NS 100000000ul
#define WATCHES_MOST 4u /* of one task at a time; one more is a fault */

/** Begins a watch that expires @p ns from now. Never sleeps. */
void watch_begin(watch *watch, uint64_t ns) MAKES(*watch);
/** All is well: it expires @p ns from now. */
void watch_feed(watch *watch, uint64_t ns) BORROWS_MUT(*watch);
/** The drop. */
void watch_end(watch *watch) TAKES(*watch);
void watch_unwind(watch *watch) UNCHECKED;

/** Frees cached tasks and stacks, so that figures can be compared. Before vm_drain(), heap_drain(). */
void task_drain(void);

/** For the nucleus (hook): @p task has ended and its hart has left its stack. */
void task_ended(struct task *task);

#endif
