/*
 * Round robin: a run queue per hart, first come first served, turns of 10 ms.
 *
 * A task stays with the hart that it ran on last. What evens out: an idle hart takes from the
 * longest queue, and a task that wakes or ends its turn goes to a queue shorter by two or more.
 *
 * A hart that runs its only task needs no timer; whoever queues a second task there sets it, or
 * kicks the hart. The timer is lazy: a task that is picked while it runs inherits it, and when it
 * goes off too early for the running task, that task keeps its place and gets the rest of its turn;
 * when it goes off and nobody waits, it is not set again.
 *
 * A hart never sleeps over a task: it enters the idle set and then looks at the queues once more,
 * while whoever queues a task does that first and looks at the idle set then.
 */
#include "cell.h"
#include "clock.h"
#include "idle_set.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "run_queue.h"
#include "sched.h"

#define NS_PER_SECOND 1000000000u
#define TURN_NS 10000000u
/* Keeps rare work, and the registers that it needs saved, out of the path of every switch; or keeps frequent work in it. */
#define APART __attribute__((noinline))
#define WITHIN __attribute__((always_inline)) inline

struct rr_state {
    struct run_queue queues[MAX_HARTS];
    struct run_queue *queue_of[MAX_HARTS]; /* &queues[hart], cheaper to load than to compute */
    uint64_t turn_ticks;
    struct idle_set idle;
};
CELL_STATE(struct rr_state);

static APART unsigned hart_with_least(unsigned home)
{
    uint32_t least = queue_length(&state.queues[home]);
    unsigned chosen = home;

    for (unsigned hart = 0; hart < hart_count(); hart++) {
        uint32_t length = queue_length(&state.queues[hart]);

        if (length + 2 <= least) {
            least = length;
            chosen = hart;
        }
    }
    return chosen;
}

/** Where a task of hart @p home queues: there, unless another queue is shorter by two or more. */
static inline unsigned hart_choose(unsigned home)
{
    return queue_length(&state.queues[home]) < 2 ? home : hart_with_least(home);
}

/** What is left of the turn of this hart's running task, in ns; 1 when it is over. */
static uint64_t turn_left_ns(const struct run_queue *queue)
{
    uint64_t used = hart_ticks() - queue->since;

    if (used >= state.turn_ticks)
        return 1;
    return (state.turn_ticks - used) * NS_PER_SECOND / machine_timebase() + 1;
}

/** Sets this hart's timer, @p ns from now. (That `sliced` becomes false needs the lock, this does
 *  not.) */
static void slice_start(struct run_queue *queue, uint64_t ns) REQUIRES(irqs_off);
static void slice_start(struct run_queue *queue, uint64_t ns)
{
    __atomic_store_n(&queue->sliced, 1, __ATOMIC_RELAXED);
    queue->armed = 1;
    clock_slice(ns);
}

/** @return whether the queue's hart will look at the queue in time by itself. */
static bool queue_push(struct run_queue *queue, struct task *task) REQUIRES(irqs_off);
static WITHIN bool queue_push(struct run_queue *queue, struct task *task)
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
 * Gives @p task to an idle hart, preferably @p to. It goes into that hart's own queue: were the
 * hart only woken to steal, a task of its own that became ready meanwhile would come first, and
 * this one would wait behind a hart that has no timer. @return false: none is idle any more.
 */
static bool task_place_idle(struct task *task, unsigned to, unsigned here) REQUIRES(irqs_off);
static APART bool task_place_idle(struct task *task, unsigned to, unsigned here)
{
    unsigned idle = idle_claim(&state.idle, to);

    if (idle == NO_HART)
        return false;
    (void)queue_push(&state.queues[idle], task);
    hart_wake(idle, here);
    return true;
}

/** Sees to it that a hart looks at the queue of hart @p to, which somebody on @p here pushed to. */
static void queue_notice(unsigned to, unsigned here, bool sliced) REQUIRES(irqs_off);
static APART void queue_notice(unsigned to, unsigned here, bool sliced)
{
    struct run_queue *queue = &state.queues[to];
    unsigned idle = idle_claim(&state.idle, to);

    if (idle != NO_HART)
        hart_wake(idle, here);
    if (sliced || idle == to)
        return;
    if (to != here)
        hart_kick(to);
    else if (!hart_is_idle()) /* else the slice could go off before a task runs, and nobody would know */
        slice_start(queue, turn_left_ns(queue));
}

/** Queues @p task for hart @p to, from hart @p here. The second look at the idle set finds a hart
 *  that saw the queues empty just before the push. */
static void task_place(struct task *task, unsigned to, unsigned here) REQUIRES(irqs_off);
static inline void task_place(struct task *task, unsigned to, unsigned here)
{
    bool sliced;

    if (idle_any(&state.idle) && task_place_idle(task, to, here))
        return;
    sliced = queue_push(state.queue_of[to], task);
    if (!sliced || idle_any(&state.idle))
        queue_notice(to, here, sliced);
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
static inline struct task *queue_take(struct run_queue *queue)
{
    OWN(spin_guard) guard = {0};
    struct task *task;
    bool others;

    spin_lock_nested(&guard, &queue->lock);
    task = ready_take(queue);
    others = queue->length > 0;
    queue->sliced = queue->armed;
    spin_unlock_nested(&guard, &queue->lock);
    queue->since = hart_ticks();
    if (others && !queue->armed)
        slice_start(queue, TURN_NS);
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
    if (next != task && !queue->armed)
        slice_start(queue, TURN_NS);
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
    queue->sliced = queue->armed;
    spin_unlock_nested(&guard, &queue->lock);
    if (others)
        slice_start(queue, turn_left_ns(queue));
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
    slice_start(thief, TURN_NS);
    thief->steals++;
    return task;
}

/** A task for a hart whose queue was empty. Returns NULL with the hart in the idle set. */
static struct task *task_find(struct run_queue *queue, unsigned here) REQUIRES(irqs_off);
static APART struct task *task_find(struct run_queue *queue, unsigned here)
{
    struct task *task = queue_steal(queue);

    if (task)
        return task;
    idle_enter(&state.idle, here);
    task = queue_length(queue) ? queue_take(queue) : NULL;
    if (!task)
        task = queue_steal(queue);
    if (!task && queue->armed) {
        queue->armed = 0;
        clock_slice(0);
    }
    return task;
}

/** A task for a hart that ran none, or whose task sleeps or has ended. */
static struct task *task_take(struct run_queue *queue, unsigned here) REQUIRES(irqs_off);
static APART struct task *task_take(struct run_queue *queue, unsigned here)
{
    struct task *task = queue_length(queue) ? queue_take(queue) : NULL;

    if (!task)
        task = task_find(queue, here);
    if (!task)
        return NULL;
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
        return task_take(queue, here);
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
    if (reason == REASON_SWAP)
        return OK; /* the state is that of an earlier version, with its queues */
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
    (void)reason;
    return ERR_BUSY;
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
