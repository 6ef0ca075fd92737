/* Tasks: spawn, join, end.
 *
 * A task's object lives until its task has ended and its handle is given up, whichever comes last.
 * Both sides take the object's lock for that, and neither touches the object after its own unlock
 * unless it is the last. The joiner is unparked under the lock: so it cannot have gone on, ended
 * and been freed itself between our finding it in the object and our waking it. */
#include "task.h"
#include "cell.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/machine.h"
#include "task_cell.h"

CELL_STATE(struct task_cell_state);

static inline struct task_end *end_of(struct task_object *object) REQUIRES(object->lock);
static inline struct task_end *end_of(struct task_object *object)
{
    return &object->end;
}

/* The object of @p task, NULL when it is none of this cell's (an idle context). */
static struct task_object *object_of(const struct task *task)
{
    return task->owner_data;
}

/* A new task without its handle yet. The head's entry is the client's function, or one of the nucleus, which
 * calls @p code: so no task has a frame of this cell while it sleeps. NULL: no memory.
 * Unchecked: the object owns its stack. */
static UNCHECKED struct task *head_new(const char *name, int (*entry)(void *argument),
                                       void *argument, uint64_t code)
{
    struct task_object *object = object_new(&state);

    if (!object)
        return NULL;
    task_head_init(&object->head, name, entry, argument, (void *)stack_low(object),
                   TASK_STACK_BYTES);
    object->head.code = code;
    object->head.owner_data = object; /* from here on task_cancel() may find and wake it */
    return &object->head;
}

/* Unchecked: makes the handle. */
static bool spawn(task_handle *handle, struct task *head) TRY_MAKES(*handle);
static UNCHECKED bool spawn(task_handle *handle, struct task *head)
{
    if (!head)
        return false;
    handle->task = head;
    task_unpark(head);
    return true;
}

EXPORT bool task_spawn(task_handle *handle, const char *name, int (*entry)(void *argument),
                       void *argument)
{
    return spawn(handle, head_new(name, entry, argument, 0));
}

EXPORT bool task_spawn_service(task_handle *handle, const char *name,
                               enum status (*step)(void *argument), void *argument)
{
    return spawn(handle, head_new(name, task_service, argument, (uint64_t)step));
}

EXPORT bool task_spawn_main(task_handle *handle, const char *name,
                            int (*main)(int argc, char **argv), char **argv)
{
    return spawn(handle, head_new(name, task_main, argv, (uint64_t)main));
}

EXPORT enum status task_join_step(task_handle *handle, int *result)
{
    OWN(spin_guard) guard = {0};
    struct task_object *object = object_of(handle->task);
    bool ended;

    spin_lock(&guard, &object->lock);
    ended = end_of(object)->ended;
    if (!ended)
        end_of(object)->joiner = task_current();
    spin_unlock(&guard, &object->lock);
    if (!ended)
        return AGAIN;
    if (object->head.end_status == OK)
        *result = object->head.result;
    return object->head.end_status;
}

/* Unchecked: ends the handle. */
EXPORT void task_detach(task_handle *handle) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct task_object *object = object_of(handle->task);
    bool ended;

    handle->task = NULL;
    spin_lock(&guard, &object->lock);
    ended = end_of(object)->ended;
    end_of(object)->detached = true;
    end_of(object)->joiner = NULL;
    spin_unlock(&guard, &object->lock);
    if (ended)
        object_free(&state, object);
    spares_trim(&state, SPARES_KEPT); /* here, in peace: a detached task's end cannot */
}

EXPORT void task_handle_unwind(task_handle *handle)
{
    if (handle->task)
        task_detach(handle);
}

EXPORT void task_exit(int result)
{
    task_current()->result = result;
    task_end();
}

/* On the hart's interrupt stack. */
EXPORT void task_ended(struct task *task)
{
    OWN(spin_guard) guard = {0};
    struct task_object *object = object_of(task);
    bool detached;

    role_assert_irqs_off();
    if (!object)
        return;
    if (task_head_remove(task) != OK)
        panic("task %lu has ended, and the nucleus keeps it", task->number);
    spin_lock_nested(&guard, &object->lock);
    end_of(object)->ended = true;
    detached = end_of(object)->detached;
    if (end_of(object)->joiner)
        task_unpark(end_of(object)->joiner);
    spin_unlock_nested(&guard, &object->lock);
    if (detached)
        object_free(&state, object);
}

/* Who shall end, and whether it is asked or killed. */
struct end_request {
    uint64_t number;
    bool kill;
    enum status status;
};

/* The list's lock is held, and a task leaves the list before its object goes: so it stays here. */
static bool end_if_wanted(struct task *task, void *argument)
{
    struct end_request *request = argument;
    struct task_object *object = object_of(task);

    if (task->number != request->number || !object)
        return true;
    if (request->kill) {
        task_condemn(task);
    } else {
        __atomic_store_n(&object->cancelled, 1, __ATOMIC_RELEASE);
        task_unpark(task);
    }
    request->status = OK;
    return false;
}

static enum status end_by_number(uint64_t number, bool kill)
{
    struct end_request request = {.number = number, .kill = kill, .status = ERR_NOT_FOUND};

    task_each(end_if_wanted, &request);
    return request.status;
}

EXPORT enum status task_cancel(uint64_t number)
{
    return end_by_number(number, false);
}

EXPORT enum status task_kill(uint64_t number)
{
    return end_by_number(number, true);
}

EXPORT bool task_cancelled(void)
{
    const struct task_object *object = object_of(task_current());

    return object && __atomic_load_n(&object->cancelled, __ATOMIC_ACQUIRE);
}

EXPORT void task_drain(void)
{
    spares_trim(&state, 0);
}

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's */
    return kind_create(&state.tasks, "task", sizeof(struct task_object), 16);
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    if (__atomic_load_n(&state.live, __ATOMIC_ACQUIRE))
        return ERR_BUSY;
    task_drain();
    return OK;
}

CELL(.name = "task", .version = "1.0", .summary = "Tasks with cached stacks; wait queues.",
     .provides = "task", .init = init, .stop = stop);
