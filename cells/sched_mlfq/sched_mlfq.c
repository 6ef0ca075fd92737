/*
 * Multi-level feedback queue (Corbató, Merwin-Daggett, Daley 1962; OSTEP chapter 8), one per
 * hart.
 *
 * Four levels with turns of 2, 4, 8 and 16 ms; the first level that holds a task is served, in
 * order of arrival. A task starts on level 0. What it uses of its turn is summed up over yields
 * and preemptions (nobody keeps a level by yielding just before the end); when the turn is used
 * up, it goes one level down. A task that sleeps before that keeps its level. Every 100 ms all
 * tasks are raised to level 0, so none starves. A task that wakes above the running one's level
 * takes the hart.
 *
 * Among harts it works as sched_rr does: tasks stay, idle harts steal, a lone task has no timer.
 * A hart never sleeps over a task, because it enters the idle set before its last look at the
 * queues.
 */
#include "cell.h"
#include "clock.h"
#include "idle_set.h"
#include "levels.h"
#include "nucleus/hart.h"
#include "nucleus/list.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "sched.h"
#include "words.h"

#define NS_PER_SECOND 1000000000u
#define SHORTEST_TURN_NS 2000000u
#define RAISE_NS 100000000u

struct run_queue {
    struct spinlock lock;
    /* lock guards (levels.length may be read without it, as a hint): */
    struct levels levels;
    uint32_t running; /* level of the task that the hart runs; LEVELS while it has none */
    uint32_t sliced;  /* the hart looks here by itself within a turn */
    /* of the queue's own hart alone, interrupts off: */
    struct task *returning; /* gave up the hart just now; sched_pick(), called next, queues it */
    uint32_t keeps_place;   /* the returning task has not used up its turn */
    uint32_t armed;         /* the slice timer runs */
    uint64_t raised;        /* hart_ticks() of the last raise */
    uint64_t picks, steals, preemptions;
} __attribute__((aligned(256)));

struct mlfq_state {
    struct run_queue queues[MAX_HARTS];
    uint64_t turn_ticks[LEVELS];
    uint64_t raise_ticks;
    struct idle_set idle;
};
CELL_STATE(struct mlfq_state);

static inline uint32_t queue_length(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->levels.length, __ATOMIC_RELAXED);
}

static inline struct levels *queue_levels(struct run_queue *queue) REQUIRES(queue->lock);
static inline struct levels *queue_levels(struct run_queue *queue)
{
    return &queue->levels;
}

/** Where a task of hart @p home queues: there, unless another queue is shorter by two or more. */
static unsigned hart_choose(unsigned home)
{
    uint32_t least = queue_length(&state.queues[home]);
    unsigned chosen = home;

    if (least < 2)
        return home;
    for (unsigned hart = 0; hart < hart_count(); hart++) {
        uint32_t length = queue_length(&state.queues[hart]);

        if (length + 2 <= least) {
            least = length;
            chosen = hart;
        }
    }
    return chosen;
}

/** Sets the slice timer to the end of @p task's turn. */
static void slice_start(struct run_queue *queue, const struct task *task) REQUIRES(irqs_off);
static void slice_start(struct run_queue *queue, const struct task *task)
{
    uint64_t turn = state.turn_ticks[task_level(task)];
    uint64_t used = task->sched[WORD_USED] + hart_ticks() - task->sched[WORD_SINCE];
    uint64_t left = used < turn ? turn - used : 0;

    clock_slice(left * NS_PER_SECOND / machine_timebase() + 1);
    queue->armed = 1;
}

static void slice_end(struct run_queue *queue) REQUIRES(irqs_off);
static void slice_end(struct run_queue *queue)
{
    if (queue->armed)
        clock_slice(0);
    queue->armed = 0;
}

/** What a newly queued task means to the hart of its queue. */
enum urgency { IN_TURN, NEEDS_SLICE, TAKES_HART };

static enum urgency queue_push(struct run_queue *queue, struct task *task) REQUIRES(irqs_off);
static enum urgency queue_push(struct run_queue *queue, struct task *task)
{
    OWN(spin_guard) guard = {0};
    enum urgency urgency = IN_TURN;

    spin_lock_nested(&guard, &queue->lock);
    levels_insert(queue_levels(queue), &task->run_link, task_level(task), false);
    if (task_level(task) < queue->running)
        urgency = TAKES_HART;
    else if (!queue->sliced)
        urgency = NEEDS_SLICE;
    spin_unlock_nested(&guard, &queue->lock);
    return urgency;
}

/** Wakes hart @p to from hart @p here, so that it picks anew. */
static void hart_wake(unsigned to, unsigned here) REQUIRES(irqs_off);
static void hart_wake(unsigned to, unsigned here)
{
    if (to == here)
        hart_reschedule();
    else
        hart_kick(to);
}

/** This hart's running task is to make room, at once or at the end of its turn. */
static void queue_notice(struct run_queue *queue, enum urgency urgency) REQUIRES(irqs_off);
static void queue_notice(struct run_queue *queue, enum urgency urgency)
{
    /* Apart from this, only sched_pick() on this same hart writes it. */
    __atomic_store_n(&queue->sliced, 1, __ATOMIC_RELAXED);
    if (urgency == NEEDS_SLICE) {
        slice_start(queue, task_current());
        return;
    }
    hart_reschedule(); /* in an interrupt; else the timer's comes at once */
    clock_slice(1);
    queue->armed = 1;
}

/**
 * Queues @p task for hart @p to, from hart @p here, and sees to it that a hart takes notice.
 *
 * An idle hart gets it into its own queue: were it only woken to steal, a task of its own that
 * became ready meanwhile would come first, and this one would wait behind a hart that has no slice
 * to end. The second look at the idle set, after the push, finds the hart that saw the queues empty
 * just before the push.
 */
static void task_place(struct task *task, unsigned to, unsigned here) REQUIRES(irqs_off);
static void task_place(struct task *task, unsigned to, unsigned here)
{
    unsigned idle = idle_claim(&state.idle, to);
    struct run_queue *queue = &state.queues[idle == NO_HART ? to : idle];
    enum urgency urgency = queue_push(queue, task);

    if (idle != NO_HART) {
        hart_wake(idle, here);
        return;
    }
    idle = idle_claim(&state.idle, to);
    if (idle != NO_HART)
        hart_wake(idle, here);
    if (urgency == IN_TURN || idle == to)
        return;
    if (to != here)
        hart_kick(to);
    else
        queue_notice(queue, urgency);
}

static void task_woken(struct task *task) REQUIRES(irqs_off);
static void task_woken(struct task *task)
{
    if (task->sched[WORD_SINCE] < state.queues[task->hart].raised)
        task_enter_level(task, 0);
    task_place(task, hart_choose(task->hart), hart_index());
}

/** Adds what @p task used of its turn until now. @return whether the turn is used up. */
static bool task_charge(struct task *task)
{
    unsigned level = task_level(task);
    uint64_t used = task->sched[WORD_USED] + hart_ticks() - task->sched[WORD_SINCE];

    task->sched[WORD_USED] = used;
    if (used < state.turn_ticks[level])
        return false;
    task_enter_level(task, level + 1 < LEVELS ? level + 1 : level);
    return true;
}

EXPORT void sched_ready(struct task *task, enum ready_cause cause)
{
    unsigned here = task->hart;
    struct run_queue *own = &state.queues[here];
    unsigned to = here;
    bool over;

    task_know(task, hart_ticks());
    if (cause == READY_WOKEN) {
        task_woken(task);
        return;
    }
    over = task_charge(task);
    own->keeps_place = !over && cause == READY_PREEMPTED;
    if (cause == READY_PREEMPTED) {
        own->preemptions++;
        if (over)
            to = hart_choose(here);
    }
    if (to == here)
        own->returning = task;
    else
        task_place(task, to, here);
}

/** Queues the returning task, if any, and takes the first one of the first level. */
static struct task *queue_next(struct run_queue *queue, bool raise) REQUIRES(irqs_off);
static struct task *queue_next(struct run_queue *queue, bool raise)
{
    OWN(spin_guard) guard = {0};
    struct task *returning = queue->returning;
    struct task *task;

    spin_lock_nested(&guard, &queue->lock);
    if (returning)
        levels_insert(queue_levels(queue), &returning->run_link, task_level(returning),
                      queue->keeps_place);
    if (raise)
        levels_raise(queue_levels(queue));
    task = levels_take_task(queue_levels(queue));
    queue->running = task ? task_level(task) : LEVELS;
    queue->sliced = queue_levels(queue)->length > 0;
    spin_unlock_nested(&guard, &queue->lock);
    queue->returning = NULL;
    queue->keeps_place = 0;
    return task;
}

static struct task *queue_steal_from(struct run_queue *queue) REQUIRES(irqs_off);
static struct task *queue_steal_from(struct run_queue *queue)
{
    OWN(spin_guard) guard = {0};
    struct task *task;

    spin_lock_nested(&guard, &queue->lock);
    task = levels_take_task(queue_levels(queue));
    spin_unlock_nested(&guard, &queue->lock);
    return task;
}

/** Takes a task from the longest queue for the hart of @p thief. It always gets a slice, because
 *  another may be put into the thief's queue by somebody who still sees it `sliced`. */
static struct task *queue_steal(struct run_queue *thief) REQUIRES(irqs_off);
static struct task *queue_steal(struct run_queue *thief)
{
    struct run_queue *longest = NULL;
    struct task *task;

    for (unsigned hart = 0; hart < hart_count(); hart++) {
        struct run_queue *queue = &state.queues[hart];

        if (queue_length(queue) > (longest ? queue_length(longest) : 0))
            longest = queue;
    }
    task = longest ? queue_steal_from(longest) : NULL;
    if (!task)
        return NULL;
    __atomic_store_n(&thief->running, task_level(task), __ATOMIC_RELAXED);
    __atomic_store_n(&thief->sliced, 1, __ATOMIC_RELAXED);
    thief->steals++;
    return task;
}

/** The next task for the hart of @p queue: from there, else from another hart's. */
static struct task *task_find(struct run_queue *queue) REQUIRES(irqs_off);
static struct task *task_find(struct run_queue *queue)
{
    uint64_t now = hart_ticks();
    bool raise = now - queue->raised >= state.raise_ticks;
    struct task *task = NULL;

    if (raise)
        queue->raised = now;
    if (queue->returning || queue_length(queue))
        task = queue_next(queue, raise);
    if (!task)
        task = queue_steal(queue);
    if (task)
        task->sched[WORD_SINCE] = now;
    return task;
}

EXPORT struct task *sched_pick(void)
{
    unsigned here = hart_index();
    struct run_queue *queue = &state.queues[here];
    struct task *task = task_find(queue);

    if (!task) {
        __atomic_store_n(&queue->running, LEVELS, __ATOMIC_RELAXED);
        idle_enter(&state.idle, here);
        task = task_find(queue);
    }
    if (!task) {
        slice_end(queue);
        return NULL;
    }
    idle_leave(&state.idle, here);
    if (queue->sliced)
        slice_start(queue, task);
    else
        slice_end(queue);
    queue->picks++;
    return task;
}

EXPORT void sched_stats(struct sched_stats *stats)
{
    *stats = (struct sched_stats){0};
    for (unsigned hart = 0; hart < hart_count(); hart++) {
        const struct run_queue *queue = &state.queues[hart];

        stats->picks += queue->picks;
        stats->steals += queue->steals;
        stats->preemptions += queue->preemptions;
        stats->ready += queue_length(queue);
    }
}

static enum status mlfq_init(enum cell_reason reason)
{
    uint64_t turn = SHORTEST_TURN_NS * machine_timebase() / NS_PER_SECOND;

    if (reason == REASON_SWAP)
        return OK; /* the state is that of an earlier version, with its queues */
    for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
        levels_init(&state.queues[hart].levels);
        state.queues[hart].running = LEVELS;
    }
    for (unsigned level = 0; level < LEVELS; level++)
        state.turn_ticks[level] = turn << level;
    state.raise_ticks = RAISE_NS * machine_timebase() / NS_PER_SECOND;
    return OK;
}

/** Without a scheduler nothing runs, not even what unloads it. It can only be swapped. */
static enum status mlfq_stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

static bool queue_is_sound(struct run_queue *queue)
{
    OWN(spin_guard) guard = {0};
    bool sound;

    spin_lock(&guard, &queue->lock);
    sound = levels_are_sound(queue_levels(queue));
    spin_unlock(&guard, &queue->lock);
    return sound;
}

static enum status mlfq_check(void)
{
    for (unsigned hart = 0; hart < hart_count(); hart++)
        if (!queue_is_sound(&state.queues[hart]))
            return ERR_FAULT;
    return OK;
}

CELL(.name = "sched_mlfq", .version = "1.0",
     .summary = "Multi-level feedback queue: turns of 2 to 16 ms, all raised every 100 ms",
     .provides = "sched", .init = mlfq_init, .stop = mlfq_stop, .check = mlfq_check);
