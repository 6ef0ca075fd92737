/* Task heads: park, unpark, yield, and the choice of the next task. The whole protocol between a task
 * that gives up its hart and those that wake it stands in this file. */
#include "harts.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

static struct {
    struct spinlock lock;
    /* lock guards: */
    struct list tasks; /* every head, idle ones too */
    struct list *next; /* where task_each_apart() goes on */
    uint64_t last_number;
} table = {.tasks = {&table.tasks, &table.tasks}};

void task_head_init(struct task *task, const char *name, int (*entry)(void *argument),
                    void *argument, void *stack_low, size_t stack_bytes)
{
    OWN(spin_guard) guard = {0};

    memset(&task->hart, 0, offsetof(struct task, code) - offsetof(struct task, hart));
    string_copy(task->name, sizeof task->name, name);
    task->stack_low = (uint64_t)stack_low;
    task->stack_high = task->stack_low + stack_bytes;
    task->entry = entry;
    task->argument = argument;
    list_init(&task->run_link);
    task->registers.status = 0;
    task->registers.pc = task->registers.x[1] = (uint64_t)task_first + 4;
    task->registers.x[2] = task->stack_high;
    task->registers.x[8] = (uint64_t)argument;
    task->registers.x[9] = (uint64_t)entry;
    spin_lock(&guard, &table.lock);
    task->number = ++table.last_number;
    list_push_back(&table.tasks, &task->all);
    __atomic_store_n(&task->state_word, TASK_NEW, __ATOMIC_RELEASE); /* last: now it can be started */
    spin_unlock(&guard, &table.lock);
}

enum status task_head_remove(struct task *task)
{
    OWN(spin_guard) guard = {0};

    if (task_state(task) != TASK_DEAD)
        return ERR_BUSY;
    spin_lock(&guard, &table.lock);
    if (table.next == &task->all)
        table.next = task->all.next;
    list_remove(&task->all);
    spin_unlock(&guard, &table.lock);
    return OK;
}

void task_each(bool (*visit)(struct task *task, void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &table.lock);
    list_each(node, &table.tasks) {
        if (!visit(list_entry(node, struct task, all), argument))
            break;
    }
    spin_unlock(&guard, &table.lock);
}

void task_each_apart(void (*visit)(struct task *task, void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};
    bool more = true;

    spin_lock(&guard, &table.lock);
    table.next = table.tasks.next;
    spin_unlock(&guard, &table.lock);
    while (more) {
        struct task *task;

        spin_lock(&guard, &table.lock);
        more = table.next != &table.tasks;
        task = list_entry(table.next, struct task, all);
        table.next = table.next->next;
        if (more)
            visit(task, argument);
        spin_unlock(&guard, &table.lock);
    }
}

/* Leaves the hart to be in state @p to, unless it is to park and the wake-up came already. */
static void give_up_hart(enum task_state to)
{
    OWN(irq_guard) guard = {0};

    irq_disable(&guard);
    if (to != TASK_PARKED ||
        !(__atomic_fetch_and(&task_current()->state_word, ~TASK_WAKE, __ATOMIC_SEQ_CST) &
          TASK_WAKE))
        switch_out(to);
    irq_restore(&guard);
    if (is_condemned(task_current()) && !is_patient(task_current()))
        task_dies_here();
}

void task_yield(void)
{
    give_up_hart(TASK_READY);
}

void task_park(void)
{
    give_up_hart(TASK_PARKED);
}

void task_end(void)
{
    give_up_hart(TASK_DEAD);
    panic("a task that had ended was given a hart");
}

/*
 * State and wake-up mark are one word, so none is lost between a task that parks and those that wake it:
 * either the unpark finds it PARKED, or the park finds the mark. INV-TASK-1: who sets the mark of a task
 * that is PARKED or NEW hands it to the scheduler; with the mark set nobody else does, until it is READY.
 * The exchange, not a mere store, lets the task see what others did before they found the mark set.
 */
void task_unpark(struct task *task)
{
    OWN(irq_guard) guard = {0};
    uint32_t word;

    irq_disable(&guard);
    word = __atomic_fetch_or(&task->state_word, TASK_WAKE, __ATOMIC_SEQ_CST);
    if (word == TASK_PARKED || word == TASK_NEW) {
        __atomic_exchange_n(&task->state_word, TASK_READY, __ATOMIC_SEQ_CST);
        hooks.sched_ready(task, READY_WOKEN);
    }
    irq_restore(&guard);
}

void task_condemn(struct task *task, enum status end)
{
    uint32_t before = OK;

    if (!__atomic_compare_exchange_n(&task->killed, &before, end, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED) &&
        end == ERR_CANCELLED) /* a kill stands, whatever a watchdog wants */
        __atomic_store_n(&task->killed, end, __ATOMIC_SEQ_CST);
    task_unpark(task);
    hart_kick(__atomic_load_n(&task->hart, __ATOMIC_RELAXED));
}

/* Brings @p task, whose registers are saved and whose stack is left, into the state that it asked for. From
 * where its state changes another hart may run, end and free it: it is not looked at again. */
static REQUIRES(irqs_off) void finish_leaving(struct task *task, enum task_state to)
{
    uint32_t running = TASK_RUNNING;

    if (to == TASK_RUNNING) /* an idle context: it belongs to its hart alone */
        return;
    if (to == TASK_DEAD) {
        __atomic_store_n(&task->state_word, TASK_DEAD, __ATOMIC_RELEASE);
        hooks.task_ended(task);
        return;
    }
    if (to == TASK_PARKED) {
        if (__atomic_compare_exchange_n(&task->state_word, &running, TASK_PARKED, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            return;
        /* It was woken before: the mark is used up. */
        __atomic_fetch_and(&task->state_word, ~TASK_WAKE, __ATOMIC_SEQ_CST);
    }
    __atomic_fetch_sub(&task->state_word, TASK_RUNNING - TASK_READY, __ATOMIC_RELEASE);
    hooks.sched_ready(task, to == TASK_PARKED        ? READY_WOKEN
                            : task->registers.status ? READY_PREEMPTED
                                                     : READY_YIELDED);
}

/* Tasks that are ready, and in no queue of the scheduler. The lock is not a spinlock, whose waiters may be made to
 * stand still: a task that was picked would be in somebody's hand. */
struct queue {
    uint32_t open, locked; /* atomic */
    struct list tasks;
};

static void queue_lock(struct queue *queue)
{
    while (__atomic_exchange_n(&queue->locked, 1, __ATOMIC_ACQUIRE))
        continue;
}

static void queue_unlock(struct queue *queue)
{
    __atomic_store_n(&queue->locked, 0, __ATOMIC_RELEASE);
}

/* @return false: it is closed. */
static bool queue_put(struct queue *queue, struct task *task)
{
    bool open;

    queue_lock(queue);
    open = __atomic_load_n(&queue->open, __ATOMIC_RELAXED);
    if (open)
        list_push_back(&queue->tasks, &task->run_link);
    queue_unlock(queue);
    return open;
}

/* Takes out the first, or, unless @p all, the first that a swap lets through. */
static struct task *queue_take(struct queue *queue, bool all)
{
    struct task *found = NULL;

    queue_lock(queue);
    list_each(node, &queue->tasks) {
        found = list_entry(node, struct task, run_link);
        if (all || found->let_through)
            break;
        found = NULL;
    }
    if (found)
        list_remove(&found->run_link);
    queue_unlock(queue);
    return found;
}

/* Where tasks wait that a swap holds; open while it does. */
static struct queue held = {.tasks = {&held.tasks, &held.tasks}};

/* @return the next task to run, or NULL. */
static __attribute__((noinline)) REQUIRES(irqs_off) struct task *pick_while_held(struct task *next)
{
    while (next && !next->let_through && queue_put(&held, next))
        next = hooks.sched_pick();
    return next;
}

/* Those that were let through after they were put aside go on at once: they ran into the old cell after a try had seen
 * them outside, and before tasks were held. */
void tasks_hold(bool hold)
{
    struct task *task;

    __atomic_store_n(&held.open, hold, __ATOMIC_SEQ_CST);
    while ((task = queue_take(&held, !hold)))
        hooks.sched_ready(task, READY_WOKEN);
}

/* Unchecked: all other harts stand still, none of them within a change of the list. */
struct task *task_next(const struct task *after) UNCHECKED
{
    struct list *node = after ? after->all.next : table.tasks.next;

    return node == &table.tasks ? NULL : list_entry(node, struct task, all);
}

/* Unchecked: the same. */
void tasks_requeue(void) UNCHECKED
{
    list_init(&held.tasks);
    for (struct task *task = task_next(NULL); task; task = task_next(task)) {
        list_init(&task->run_link);
        memset(task->sched, 0, sizeof task->sched); /* what the one before noted */
        if (task_state(task) == TASK_READY)
            hooks.sched_ready(task, READY_WOKEN);
    }
}

/* The nucleus' own scheduler, first come first served, from when the bound one has faulted until another one is
 * swapped in. */
static struct queue plain = {.open = true};

#define PLAIN_TURN_NS 10000000u

static void plain_ready(struct task *task, enum ready_cause cause)
{
    (void)queue_put(&plain, task);
    for (unsigned i = 0; cause == READY_WOKEN && i < hart_count(); i++) {
        if (is_idle(harts[i].current))
            hart_kick(i);
    }
}

struct task *plain_pick(void)
{
    role_assert_irqs_off();
    hooks.clock_nudge(PLAIN_TURN_NS); /* an idle hart looks again then: it may have missed a kick */
    return queue_take(&plain, true);
}

bool scheduler_is_plain(void)
{
    return hooks.sched_pick == plain_pick;
}

void scheduler_use_plain(void)
{
    hook_set(&hooks.sched_pick, (uint64_t)plain_pick);
    hook_set(&hooks.sched_ready, (uint64_t)plain_ready);
    list_init(&plain.tasks);
    tasks_requeue();
}

struct registers *dispatch(struct task *previous, enum task_state to)
{
    struct hart *hart = this_hart();
    struct task *next;

    finish_leaving(previous, to);
    hart->reschedule = 0;
    next = hooks.sched_pick();
    if (__atomic_load_n(&held.open, __ATOMIC_ACQUIRE))
        next = pick_while_held(next);
    if (next)
        __atomic_fetch_add(&next->state_word, TASK_RUNNING - TASK_READY, __ATOMIC_RELAXED);
    else
        next = &hart->idle; /* is always RUNNING */
    if (is_condemned(next))
        hooks.clock_nudge(KILL_RETRY_NS);
    next->hart = hart->index;
    /* After the state, so that who sees the new count does not see the task as not running (swap.c). */
    __atomic_store_n(&next->switches, next->switches + 1, __ATOMIC_RELEASE);
    hart->current = next;
    return &next->registers;
}

int task_service(void *argument)
{
    struct task *task = task_current();
    enum status status;

    while ((status = task->step(argument)) == OK || status == AGAIN) {
        if (status == AGAIN)
            task_park();
        if (__atomic_load_n(&held.open, __ATOMIC_ACQUIRE)) {
            task->let_through = 0; /* it has left the cell: it is held like all others */
            task_yield();
        }
    }
    if (status != ERR_CANCELLED)
        task->end_status = status;
    return 0;
}

int task_main(void *argv)
{
    int argc = 0;

    while (((char **)argv)[argc])
        argc++;
    return task_current()->main(argc, argv);
}
