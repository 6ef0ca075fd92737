/* Restartable tasks: what they are started with, and whether and when they are started again. The keeper (keeper.c)
 * does it: so between two runs nothing of the task is on any stack. */
#include "cell.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "task.h"
#include "task_cell.h"

/* Both copies of the argument are aligned to 16. */
static size_t room_of(uint32_t bytes)
{
    return (bytes + 15ul) & ~15ul;
}

static void *copy_of(struct restart *restart)
{
    return restart->argument + room_of(restart->bytes);
}

/* What the nucleus calls for a service whose steps have a limit. It is in the stack during a step only. */
static enum status limited_step(void *argument)
{
    OWN(watch) limit = {0};
    struct restart *restart = argument;
    enum status status;

    watch_begin(&limit, restart->step_ns);
    status = restart->step(copy_of(restart));
    watch_end(&limit);
    return status;
}

void restart_run(struct task_object *object, const char *name)
{
    struct restart *restart = object->restart;

    memcpy(copy_of(restart), restart->argument, restart->bytes);
    restart->started_ns = clock_now_ns();
    restart->waiting = false;
    if (restart->step)
        object_start(object, name, task_service, restart, (uint64_t)limited_step);
    else
        object_start(object, name, restart->entry, copy_of(restart), restart->code);
}

bool restart_plan(struct task_object *object)
{
    struct restart *restart = object->restart;
    uint64_t now = clock_now_ns(), pause = RESTART_LONGEST_NS;
    enum status end = object->head.end_status;

    if (!restart || (end != ERR_FAULT && end != ERR_TIMEOUT) || is_killed(object))
        return false;
    if (now - restart->started_ns >= RESTART_CALM_NS)
        restart->in_row = 0;
    if (restart->in_row == RESTARTS_MOST) {
        log_print("task %lu %s ends for good after %u restarts in a row", object->head.number,
                  object->head.name, RESTARTS_MOST);
        return false;
    }
    if (RESTART_FIRST_NS << restart->in_row < pause)
        pause = RESTART_FIRST_NS << restart->in_row;
    restart->in_row++;
    restart->count++;
    restart->due_ns = now + pause;
    restart->waiting = true;
    log_print("task %lu %s starts again in %lu ms", object->head.number, object->head.name,
              pause / 1000000);
    return true;
}

/* NULL: no memory, or @p bytes are too many. */
static struct restart *restart_new(int (*entry)(void *argument), uint64_t code,
                                   const void *argument, size_t bytes)
{
    struct restart *restart;

    if (bytes > RESTART_ARGUMENT_MOST)
        return NULL;
    restart = heap_alloc_bytes(cell_state()->restarts,
                               sizeof *restart + 2 * room_of((uint32_t)bytes));
    if (!restart)
        return NULL;
    memset(restart, 0, sizeof *restart);
    restart->entry = entry;
    restart->code = code;
    restart->bytes = (uint32_t)bytes;
    memcpy(restart->argument, argument, bytes);
    return restart;
}

/* Unchecked: makes the handle. */
static bool spawn_again(task_handle *handle, const char *name, struct restart *restart)
    TRY_MAKES(*handle);
static UNCHECKED bool spawn_again(task_handle *handle, const char *name, struct restart *restart)
{
    struct task_object *object = restart ? object_new(cell_state()) : NULL;

    if (!object) {
        heap_free(cell_state()->restarts, restart);
        return false;
    }
    object->restart = restart;
    restart_run(object, name);
    handle->task = &object->head;
    task_unpark(&object->head);
    return true;
}

EXPORT bool task_spawn_restartable(task_handle *handle, const char *name,
                                   int (*entry)(void *argument), const void *argument, size_t bytes)
{
    return spawn_again(handle, name, restart_new(entry, 0, argument, bytes));
}

EXPORT bool task_spawn_restartable_service(task_handle *handle, const char *name,
                                           enum status (*step)(void *argument),
                                           const void *argument, size_t bytes, uint64_t step_ns)
{
    struct restart *restart = restart_new(task_service, (uint64_t)step, argument, bytes);

    if (restart && step_ns) {
        restart->step = step;
        restart->step_ns = step_ns;
    }
    return spawn_again(handle, name, restart);
}

EXPORT void task_restarts_get(const struct task *task, struct task_restarts *restarts)
{
    const struct task_object *object = object_of(task);
    const struct restart *restart = object ? object->restart : NULL;

    memset(restarts, 0, sizeof *restarts);
    if (!restart)
        return;
    restarts->count = restart->count;
    restarts->in_row = restart->in_row;
    restarts->waiting = restart->waiting;
    restarts->code = restart->step ? restart->code : 0;
}
