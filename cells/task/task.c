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

static _Noreturn void end_with(struct task_object *object, int result) REQUIRES(may_park);
static _Noreturn void end_with(struct task_object *object, int result)
{
    object->result = result;
    task_end();
}

/* What every task runs first. */
/* The head's argument is the entry, for those who want to know what a task is about: `tasks`, unload. */
static void run(void *entry)
{
    struct task_object *object = object_of(task_current());

    (void)entry;
    role_assert_may_park();
    end_with(object, object->entry(object->argument));
}

/* Unchecked: makes the handle. */
EXPORT bool task_spawn(task_handle *handle, const char *name, int (*entry)(void *argument),
                       void *argument) UNCHECKED
{
    struct task_object *object = object_new(&state);

    if (!object)
        return false;
    object->entry = entry;
    object->argument = argument;
    task_head_init(&object->head, name, run, (void *)entry, mapping_address(&object->stack),
                   TASK_STACK_BYTES);
    object->head.owner_data = object; /* from here on task_cancel() may find and wake it */
    handle->task = &object->head;
    task_unpark(&object->head);
    return true;
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
        *result = object->result;
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
    struct task_object *object = object_of(task_current());

    ASSERT(object);
    end_with(object, result);
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

struct cancel_request {
    uint64_t number;
    enum status status;
};

/* The list's lock is held, and a task leaves the list before its object goes: so it stays here. */
static bool cancel_if_wanted(struct task *task, void *argument)
{
    struct cancel_request *request = argument;
    struct task_object *object = object_of(task);

    if (task->number != request->number || !object)
        return true;
    __atomic_store_n(&object->cancelled, 1, __ATOMIC_RELEASE);
    task_unpark(task);
    request->status = OK;
    return false;
}

EXPORT enum status task_cancel(uint64_t number)
{
    struct cancel_request request = {.number = number, .status = ERR_NOT_FOUND};

    task_each(cancel_if_wanted, &request);
    return request.status;
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
    (void)reason;
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
