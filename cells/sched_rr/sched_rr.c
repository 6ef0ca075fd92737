/*
 * Round robin: a run queue per hart, first come first served, turns of 10 ms.
 *
 * A task stays with the hart that it ran on last. What evens out: an idle hart takes from the
 * longest queue, and a task that wakes or ends its turn goes to a queue shorter by two or more.
 *
 * A hart that runs its only task arms no timer; whoever queues a second task there arms it, or
 * kicks the hart. The timer is lazy: a task that is picked while it runs inherits it, and when it
 * goes off too early for the running task, that task keeps its place and gets the rest of its turn.
 *
 * A hart never sleeps over a task: it enters the idle set and then looks at the queues once more,
 * while whoever queues a task does that first and looks at the idle set then.
 */
#include "cell.h"
#include "clock.h"
#include "idle_set.h"
#include "nucleus/hart.h"
#include "nucleus/list.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "sched.h"

#define NS_PER_SECOND 1000000000u
#define TURN_NS 10000000u
/* Keeps rare work, and the registers that it needs saved, out of the path of every switch. */
#define APART __attribute__((noinline))

struct run_queue {
    struct spinlock lock;
    /* lock guards (length may be read without it, as a hint): */
    uint32_t length;   /* INV-RQ-1: length == number of tasks in ready */
    uint32_t sliced;   /* the hart looks here by itself within a turn */
    struct list ready; /* struct task by run_link, the one that waits longest first */
    /* of the queue's own hart alone, interrupts off: */
    struct task *returning; /* gave up the hart just now; sched_pick(), called next, queues it */
    uint32_t keeps_turn;    /* the returning task was interrupted within its turn */
    uint32_t armed;         /* the slice timer runs */
    uint64_t since;         /* hart_ticks() at the start of the running task's turn */
    uint64_t picks, steals, preemptions;
} __attribute__((aligned(128)));

struct rr_state {
    struct run_queue queues[MAX_HARTS];
    struct run_queue *queue_of[MAX_HARTS]; /* &queues[hart], cheaper to load than to compute */
    uint64_t turn_ticks;
    struct idle_set idle;
};
CELL_STATE(struct rr_state);

static inline uint32_t queue_length(const struct run_queue *queue)
{
    return __atomic_load_n(&queue->length, __ATOMIC_RELAXED);
}

static inline void ready_append(struct run_queue *queue, struct task *task) REQUIRES(queue->lock);
static inline void ready_append(struct run_queue *queue, struct task *task)
{
    list_push_back(&queue->ready, &task->run_link);
    queue->length++;
}

static inline struct task *ready_take(struct run_queue *queue) REQUIRES(queue->lock);
static inline struct task *ready_take(struct run_queue *queue)
{
    struct list *first = list_pop_front(&queue->ready);

    if (!first)
        return NULL;
    queue->length--;
    return list_entry(first, struct task, run_link);
}

/** Puts @p task last and takes the first one; neither changes the length. */
static inline struct task *ready_rotate(struct run_queue *queue, struct task *task)
    REQUIRES(queue->lock);
static inline struct task *ready_rotate(struct run_queue *queue, struct task *task)
{
    struct list *first = list_pop_front(&queue->ready);

    if (!first) {
        queue->sliced = 0; /* under the lock: who pushes next, sees it */
        return task;
    }
    list_push_back(&queue->ready, &task->run_link);
    return list_entry(first, struct task, run_link);
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

/** What is left of the turn of this hart's running task, in ns; 1 when it is over. */
static uint64_t turn_left_ns(const struct run_queue *queue)
{
    uint64_t used = hart_ticks() - queue->since;

    if (used >= state.turn_ticks)
        return 1;
    return (state.turn_ticks - used) * NS_PER_SECOND / machine_timebase() + 1;
}

/** Makes the slice timer run, to the end of the running task's turn, or stop. `sliced` becomes true
 *  here; false it has become before, under the lock. */
static void slice_set(struct run_queue *queue, bool wanted) REQUIRES(irqs_off);
static APART void slice_set(struct run_queue *queue, bool wanted)
{
    if (wanted)
        __atomic_store_n(&queue->sliced, 1, __ATOMIC_RELAXED);
    queue->armed = wanted;
    clock_slice(wanted ? turn_left_ns(queue) : 0);
}

/** @return whether the queue's hart will look at the queue in time by itself. */
static bool queue_push(struct run_queue *queue, struct task *task) REQUIRES(irqs_off);
static bool queue_push(struct run_queue *queue, struct task *task)
{
    OWN(spin_guard) guard = {0};
    bool sliced;

    spin_lock_nested(&guard, &queue->lock);
    ready_append(queue, task);
    sliced = queue->sliced;
    spin_unlock_nested(&guard, &queue->lock);
    return sliced;
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
    bool sliced = queue_push(queue, task);

    if (idle != NO_HART) {
        hart_wake(idle, here);
        return;
    }
    idle = idle_claim(&state.idle, to);
    if (idle != NO_HART)
        hart_wake(idle, here);
    if (sliced || idle == to)
        return;
    if (to != here)
        hart_kick(to);
    else
        slice_set(queue, true);
}

static void task_woken(struct task *task) REQUIRES(irqs_off);
static APART void task_woken(struct task *task)
{
    task_place(task, hart_choose(task->hart), hart_index());
}

static void task_preempted(struct task *task) REQUIRES(irqs_off);
static APART void task_preempted(struct task *task)
{
    unsigned here = task->hart;
    struct run_queue *own = &state.queues[here];
    bool over = hart_ticks() - own->since >= state.turn_ticks;
    unsigned to = over ? hart_choose(here) : here;

    own->preemptions++;
    own->armed = 0; /* perhaps it was the timer; at worst it is armed twice */
    own->keeps_turn = !over;
    if (to != here)
        task_place(task, to, here);
    else
        own->returning = task;
}

EXPORT void sched_ready(struct task *task, enum ready_cause cause)
{
    if (cause == READY_YIELDED)
        state.queues[task->hart].returning = task;
    else if (cause == READY_WOKEN)
        task_woken(task);
    else
        task_preempted(task);
}

/** The first task of the queue; NULL when others have emptied it meanwhile. */
static struct task *queue_take(struct run_queue *queue) REQUIRES(irqs_off);
static struct task *queue_take(struct run_queue *queue)
{
    OWN(spin_guard) guard = {0};
    struct task *task;
    bool others;

    spin_lock_nested(&guard, &queue->lock);
    task = ready_take(queue);
    others = queue->length > 0;
    queue->sliced = others;
    spin_unlock_nested(&guard, &queue->lock);
    queue->since = hart_ticks();
    if (others != queue->armed)
        slice_set(queue, others);
    return task;
}

/** Puts @p task last and takes the first one, which may be the same. */
static struct task *queue_rotate(struct run_queue *queue, struct task *task) REQUIRES(irqs_off);
static inline struct task *queue_rotate(struct run_queue *queue, struct task *task)
{
    OWN(spin_guard) guard = {0};
    struct task *next;

    spin_lock_nested(&guard, &queue->lock);
    next = ready_rotate(queue, task);
    spin_unlock_nested(&guard, &queue->lock);
    queue->since = hart_ticks();
    if ((next != task) != queue->armed)
        slice_set(queue, next != task);
    return next;
}

/** Goes on with a task that was interrupted within its turn. */
static struct task *queue_resume(struct run_queue *queue, struct task *task) REQUIRES(irqs_off);
static APART struct task *queue_resume(struct run_queue *queue, struct task *task)
{
    OWN(spin_guard) guard = {0};
    bool others;

    queue->keeps_turn = 0;
    spin_lock_nested(&guard, &queue->lock);
    others = queue->length > 0;
    queue->sliced = others;
    spin_unlock_nested(&guard, &queue->lock);
    if (others != queue->armed)
        slice_set(queue, others);
    return task;
}

static struct task *queue_steal_from(struct run_queue *queue) REQUIRES(irqs_off);
static struct task *queue_steal_from(struct run_queue *queue)
{
    OWN(spin_guard) guard = {0};
    struct task *task;

    spin_lock_nested(&guard, &queue->lock);
    task = ready_take(queue);
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
    thief->since = hart_ticks();
    slice_set(thief, true);
    thief->steals++;
    return task;
}

static struct task *task_find(struct run_queue *queue) REQUIRES(irqs_off);
static struct task *task_find(struct run_queue *queue)
{
    struct task *task = queue_length(queue) ? queue_take(queue) : NULL;

    return task ? task : queue_steal(queue);
}

/** A task for a hart that has none of its own. Returns NULL with the hart in the idle set. */
static struct task *task_find_or_idle(struct run_queue *queue, unsigned here) REQUIRES(irqs_off);
static APART struct task *task_find_or_idle(struct run_queue *queue, unsigned here)
{
    struct task *task = task_find(queue);

    if (!task) {
        idle_enter(&state.idle, here);
        task = task_find(queue);
    }
    if (!task) {
        if (queue->armed)
            slice_set(queue, false);
        return NULL;
    }
    idle_leave(&state.idle, here);
    queue->picks++;
    return task;
}

EXPORT struct task *sched_pick(void)
{
    unsigned here = hart_index();
    struct run_queue *queue = state.queue_of[here];
    struct task *task = queue->returning;

    if (!task)
        return task_find_or_idle(queue, here);
    queue->returning = NULL;
    queue->picks++;
    return queue->keeps_turn ? queue_resume(queue, task) : queue_rotate(queue, task);
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

static enum status rr_init(enum cell_reason reason)
{
    (void)reason;
    for (unsigned hart = 0; hart < MAX_HARTS; hart++) {
        list_init(&state.queues[hart].ready);
        state.queue_of[hart] = &state.queues[hart];
    }
    state.turn_ticks = TURN_NS * machine_timebase() / NS_PER_SECOND;
    return OK;
}

/** Without a scheduler nothing runs, not even what unloads it. It can only be swapped. */
static enum status rr_stop(enum cell_reason reason)
{
    return reason == REASON_UNLOAD ? ERR_BUSY : OK;
}

/** INV-RQ-1 of one queue. */
static bool queue_is_sound(struct run_queue *queue)
{
    OWN(spin_guard) guard = {0};
    uint32_t length = 0;
    bool sound;

    spin_lock(&guard, &queue->lock);
    list_each(node, &queue->ready)
        length++;
    sound = length == queue->length;
    spin_unlock(&guard, &queue->lock);
    return sound;
}

static enum status rr_check(void)
{
    for (unsigned hart = 0; hart < hart_count(); hart++)
        if (!queue_is_sound(&state.queues[hart]))
            return ERR_FAULT;
    return OK;
}

CELL(.name = "sched_rr", .version = "1.0",
     .summary = "Round-robin scheduler: a queue per hart, turns of 10 ms, idle harts steal",
     .provides = "sched", .init = rr_init, .stop = rr_stop, .check = rr_check);
