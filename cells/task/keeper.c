/* The keeper: the service that does for tasks what they cannot do themselves. It closes the queues of those that ended
 * without a word, starts restartable ones again, and ends those whose watch expires.
 *
 * It sleeps as any service, without a frame of this cell; what it waits for is in the cell's state: so this cell can be
 * replaced meanwhile. What tasks knew of their queues lies on their stacks, and may be broken when they faulted. So each
 * round is a guarded call, and what a round was at when it faulted is given up in the next. */
#include "cell.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "task.h"
#include "task_cell.h"

#define NEVER UINT64_MAX

static inline struct keeper_lists *lists_of(struct keeper *keeper) REQUIRES(keeper->lock);
static inline struct keeper_lists *lists_of(struct keeper *keeper)
{
    return &keeper->lists;
}

/* Unchecked: nobody else is there yet. */
void keeper_init(struct keeper *keeper) UNCHECKED
{
    list_init(&keeper->lists.ended);
    list_init(&keeper->lists.waiting);
    list_init(&keeper->lists.watched);
    keeper->lists.next_ns = NEVER;
}

void keeper_take(struct keeper *keeper, struct task_object *object)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &keeper->lock);
    list_push_back(&lists_of(keeper)->ended, &object->kept);
    spin_unlock_nested(&guard, &keeper->lock);
    task_unpark(keeper->task);
}

/* The next task that has ended, else one whose pause is over or that was killed meanwhile; NULL: none. */
static struct task_object *take_next(struct keeper *keeper, uint64_t now)
{
    OWN(spin_guard) guard = {0};
    struct task_object *found = NULL;

    spin_lock(&guard, &keeper->lock);
    if (!list_empty(&lists_of(keeper)->ended))
        found = list_entry(lists_of(keeper)->ended.next, struct task_object, kept);
    for (struct list *node = lists_of(keeper)->waiting.next;
         !found && node != &lists_of(keeper)->waiting; node = node->next) {
        struct task_object *object = list_entry(node, struct task_object, kept);

        if (object->restart->due_ns <= now || is_killed(object))
            found = object;
    }
    if (found)
        list_remove(&found->kept);
    spin_unlock(&guard, &keeper->lock);
    return found;
}

static void wait_for_restart(struct keeper *keeper, struct task_object *object)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &keeper->lock);
    list_push_back(&lists_of(keeper)->waiting, &object->kept);
    spin_unlock(&guard, &keeper->lock);
}

/* The task has ended for good. Its head goes first: who looks at it through the list of all tasks sees all of it. */
static void conclude(struct task_cell_state *state, struct task_object *object)
{
    OWN(irq_guard) guard = {0};
    struct restart *restart = object->restart;

    if (task_head_remove(&object->head) != OK)
        panic("task %lu has ended, and the nucleus keeps it", object->head.number);
    object->restart = NULL;
    heap_free(state->restarts, restart);
    irq_disable(&guard);
    object_finish(state, object);
    irq_restore(&guard);
}

/* The next run. A kill from now on finds its head, one before is found here. As soon as the head is made a stray unpark,
 * of a wait that the run before left behind, may start it, too. */
static void start_again(struct task_cell_state *state, struct task_object *object)
{
    char name[TASK_NAME_ROOM];
    uint64_t number = object->head.number;

    if (!object_renew_stack(object)) {
        log_print("task %lu %s: no memory for a new stack", number, object->head.name);
        conclude(state, object);
        return;
    }
    string_copy(name, sizeof name, object->head.name);
    if (task_head_remove(&object->head) != OK)
        panic("task %lu has ended, and the nucleus keeps it", number);
    restart_run(object, name);
    object->head.number = number;
    task_unpark(&object->head);
    if (is_killed(object))
        task_condemn(&object->head, ERR_CANCELLED);
}

/* The list's nodes lie where the task kept them: on its stack, for the most part. */
static void close_owned(struct task_object *object)
{
    while (!list_empty(&object->owners)) {
        struct list *node = object->owners.next;

        if (node->previous != &object->owners)
            panic("what task %lu knew of its queues is broken", object->head.number);
        owner_close(list_entry(node, wait_owner, link), object->head.end_status);
    }
}

static void look_after(struct task_cell_state *state, struct task_object *object)
{
    if (object->restart && object->restart->waiting) {
        if (!is_killed(object)) {
            start_again(state, object);
            return;
        }
        object->head.end_status = ERR_CANCELLED;
    } else {
        close_owned(object);
        if (restart_plan(object)) {
            wait_for_restart(&state->keeper, object);
            return;
        }
    }
    conclude(state, object);
}

/* What the round before was at when it faulted is done without what may be broken. */
static void give_up(struct task_cell_state *state)
{
    struct task_object *object = state->keeper.at_work;

    state->keeper.at_work = NULL;
    if (!object)
        return;
    log_print("task %lu %s: some queues of its may be open still", object->head.number,
              object->head.name);
    list_init(&object->owners);
    conclude(state, object);
}

static void earlier(uint64_t *next, uint64_t due)
{
    if (due < *next)
        *next = due;
}

/* Ends the task if one of its watches has expired, but not one that unwinds or was condemned already. @return when
 * the next one expires. */
static uint64_t look_at_watches(struct task_object *object, uint64_t now)
{
    struct task *task = &object->head;
    uint64_t next = NEVER;

    for (unsigned i = 0; i < WATCHES_MOST; i++) {
        if (!object->due_ns[i])
            continue;
        if (object->due_ns[i] <= now) {
            object->due_ns[i] = now + WATCH_AGAIN_NS;
            if (!task->unwinding && !__atomic_load_n(&task->killed, __ATOMIC_RELAXED))
                task_condemn(task, ERR_TIMEOUT);
        }
        earlier(&next, object->due_ns[i]);
    }
    return next;
}

/* Ends the tasks whose watch has expired, and finds out when there is something to do again. */
static void look_at_times(struct keeper *keeper, uint64_t now)
{
    OWN(spin_guard) guard = {0};
    uint64_t next = NEVER;

    spin_lock(&guard, &keeper->lock);
    list_each(node, &lists_of(keeper)->waiting)
        earlier(&next, list_entry(node, struct task_object, kept)->restart->due_ns);
    list_each(node, &lists_of(keeper)->watched)
        earlier(&next, look_at_watches(list_entry(node, struct task_object, watched), now));
    lists_of(keeper)->next_ns = next;
    spin_unlock(&guard, &keeper->lock);
}

static enum status keep(void *argument)
{
    struct task_cell_state *state = argument;
    struct keeper *keeper = &state->keeper;
    uint64_t now = clock_now_ns();

    give_up(state);
    while ((keeper->at_work = take_next(keeper, now)))
        look_after(state, keeper->at_work);
    look_at_times(keeper, now);
    return OK;
}

/* Unchecked, both: the timer is in the state between two steps. */
static void timer_end(struct keeper *keeper) UNCHECKED
{
    if (keeper->timer.task)
        clock_end(&keeper->timer);
}

static void timer_begin(struct keeper *keeper) UNCHECKED
{
    uint64_t next = __atomic_load_n(&keeper->lists.next_ns, __ATOMIC_RELAXED);

    if (next != NEVER)
        clock_begin(&keeper->timer, next);
}

enum status keeper_step(void *argument)
{
    struct task_cell_state *state = argument;

    timer_end(&state->keeper);
    if (guarded_call(keep, state) != OK)
        return OK;
    timer_begin(&state->keeper);
    return AGAIN;
}

/* Sets a watch of @p object; @p due 0 ends it. */
static void watch_set(struct task_object *object, uint32_t slot, uint64_t due)
{
    OWN(spin_guard) guard = {0};
    struct keeper *keeper = &cell_state()->keeper;
    uint64_t any = 0;
    bool early;

    spin_lock(&guard, &keeper->lock);
    object->due_ns[slot] = due;
    for (unsigned i = 0; i < WATCHES_MOST; i++)
        any |= object->due_ns[i];
    list_remove(&object->watched);
    if (any)
        list_push_back(&lists_of(keeper)->watched, &object->watched);
    early = due && due < lists_of(keeper)->next_ns;
    if (early)
        lists_of(keeper)->next_ns = due;
    spin_unlock(&guard, &keeper->lock);
    if (early)
        task_unpark(keeper->task);
}

void keeper_unwatch(struct keeper *keeper, struct task_object *object)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &keeper->lock);
    list_remove(&object->watched);
    spin_unlock_nested(&guard, &keeper->lock);
    memset(object->due_ns, 0, sizeof object->due_ns);
}

/* Unchecked, both: the transitions of the handle. */
EXPORT void watch_begin(watch *watch, uint64_t ns) UNCHECKED
{
    struct task_object *object = object_of(task_current());
    uint32_t slot = 0;

    while (object && slot < WATCHES_MOST && object->due_ns[slot])
        slot++;
    if (!object || slot == WATCHES_MOST)
        panic("task %lu cannot have another watch", task_current()->number);
    watch->task = &object->head;
    watch->slot = slot;
    watch_set(object, slot, clock_now_ns() + ns);
}

EXPORT void watch_end(watch *watch) UNCHECKED
{
    watch_set(object_of(watch->task), watch->slot, 0);
    watch->task = NULL;
}

EXPORT void watch_feed(watch *watch, uint64_t ns)
{
    watch_set(object_of(watch->task), watch->slot, clock_now_ns() + ns);
}

EXPORT void watch_unwind(watch *watch)
{
    if (watch->task)
        watch_end(watch);
}
