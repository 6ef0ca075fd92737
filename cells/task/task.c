/* Tasks: spawn, join, end.
 *
 * A task's object lives until its task has ended and its handle is given up, whichever comes last.
 * Both sides take the object's lock for that, and neither touches the object after its own unlock
 * unless it is the last. The joiner is unparked under the lock: so it cannot have gone on, ended
 * and been freed itself between our finding it in the object and our waking it. */
#include "task.h"
#include "cell.h"
#include "clock.h"
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

struct task_cell_state *cell_state(void)
{
    return &state;
}

/* The head's entry is the client's function, or one of the nucleus, which calls @p code: so no task has a frame of
 * this cell while it sleeps. Unchecked: the object owns its stack. */
void object_start(struct task_object *object, const char *name, int (*entry)(void *argument),
                  void *argument, uint64_t code) UNCHECKED
{
    object->head.code = code;
    object->head.owner_data = object;
    task_head_init(&object->head, name, entry, argument, (void *)stack_low(object),
                   TASK_STACK_BYTES);
}

/* A new task without its handle yet. NULL: no memory. */
static struct task *head_new(const char *name, int (*entry)(void *argument), void *argument,
                             uint64_t code)
{
    struct task_object *object = object_new(&state);

    if (!object)
        return NULL;
    object_start(object, name, entry, argument, code);
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

void object_finish(struct task_cell_state *cell, struct task_object *object)
{
    OWN(spin_guard) guard = {0};
    bool detached;

    spin_lock_nested(&guard, &object->lock);
    end_of(object)->ended = true;
    detached = end_of(object)->detached;
    if (end_of(object)->joiner)
        task_unpark(end_of(object)->joiner);
    spin_unlock_nested(&guard, &object->lock);
    if (detached)
        object_free(cell, object);
}

/* On the hart's interrupt stack. What may take time, or memory, the keeper does. */
EXPORT void task_ended(struct task *task)
{
    struct task_object *object = object_of(task);

    role_assert_irqs_off();
    if (!object)
        return;
    if (!list_empty(&object->watched))
        keeper_unwatch(&state.keeper, object);
    if (object->restart || !list_empty(&object->owners)) {
        keeper_take(&state.keeper, object);
        return;
    }
    if (task_head_remove(task) != OK)
        panic("task %lu has ended, and the nucleus keeps it", task->number);
    object_finish(&state, object);
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

    if (task->number != request->number || !object || task == state.keeper.task)
        return true;
    if (request->kill) {
        __atomic_store_n(&object->killed, 1, __ATOMIC_RELEASE);
        task_condemn(task, ERR_CANCELLED);
        task_unpark(state.keeper.task); /* it may wait for its restart */
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

KIND(task, "task", struct task_object);
KIND_OF_BUFFERS(restart, "restart");

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's */
    keeper_init(&state.keeper);
    if (kind_create(&state.tasks, &kind_task) != OK)
        return ERR_NOMEM;
    return kind_create(&state.restarts, &kind_restart);
}

static enum status start(enum cell_reason reason)
{
    OWN(task_handle) keeper = {0};

    if (reason == REASON_SWAP)
        return OK; /* it goes on with the next step */
    if (!task_spawn_service(&keeper, "keeper", keeper_step, &state))
        return ERR_NOMEM;
    state.keeper.task = keeper.task;
    task_detach(&keeper);
    return OK;
}

/* The keeper's task never ends, so the cell cannot be unloaded, only be replaced. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "task", .version = "1.0",
     .summary = "Tasks with cached stacks; wait queues; restarts and watches.", .provides = "task",
     .init = init, .start = start, .stop = stop);
