/* A scheduler of one queue for all harts, first come first served, with a function that no other scheduler
 * has: for tests of pointers to such functions. */
#include "cell.h"
#include "clock.h"
#include "nucleus/hart.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "sched.h"
#include "swap_cells.h"

#define TURN_NS 5000000u

struct odd_state {
    struct spinlock lock;
    /* lock guards: */
    struct list ready;
    uint32_t length;
    /* constant: */
    odd_function pointer;
};
CELL_STATE(struct odd_state);

static inline struct list *ready_tasks(void) REQUIRES(state.lock);
static inline struct list *ready_tasks(void)
{
    return &state.ready;
}

EXPORT void sched_ready(struct task *task, enum ready_cause cause)
{
    OWN(spin_guard) guard = {0};

    (void)cause;
    spin_lock_nested(&guard, &state.lock);
    list_push_back(ready_tasks(), &task->run_link);
    __atomic_store_n(&state.length, state.length + 1, __ATOMIC_RELAXED);
    spin_unlock_nested(&guard, &state.lock);
    for (unsigned i = 0; i < hart_count(); i++) {
        if (i != hart_index())
            hart_kick(i);
    }
    hart_reschedule();
}

static __attribute__((noinline)) uint64_t own_text(void)
{
    return (uint64_t)__builtin_return_address(0);
}

#define LITTER_WORDS 64u

/* Leaves words on the stack that lead into this cell, where handlers of the hart have their frames later. */
static __attribute__((noinline)) uint64_t litter(void)
{
    volatile uint64_t words[LITTER_WORDS];

    for (unsigned i = 0; i < LITTER_WORDS; i++)
        words[i] = own_text();
    return words[0];
}

EXPORT struct task *sched_pick(void)
{
    OWN(spin_guard) guard = {0};
    struct list *first;

    (void)litter();
    spin_lock_nested(&guard, &state.lock);
    first = list_pop_front(ready_tasks());
    __atomic_store_n(&state.length, state.length - (first != NULL), __ATOMIC_RELAXED);
    spin_unlock_nested(&guard, &state.lock);
    clock_slice(first ? TURN_NS : 0);
    return first ? list_entry(first, struct task, run_link) : NULL;
}

EXPORT void sched_stats(struct sched_stats *stats)
{
    *stats = (struct sched_stats){.ready = __atomic_load_n(&state.length, __ATOMIC_RELAXED)};
}

static const uint64_t plan[3] = {VICTIM_MAGIC, 1, 0};

static uint64_t seven(void)
{
    return 7;
}

EXPORT odd_function sched_odd_pointer(void)
{
    return state.pointer;
}

static enum status odd_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    list_init(&state.ready);
    state.pointer = seven;
    return OK;
}

/* Volatile: the compiler must not know what the test changes. */
static enum status odd_start(enum cell_reason reason)
{
    (void)reason;
    return *(const volatile uint64_t *)&plan[2] & VICTIM_START_FAILS ? ERR_IO : OK;
}

CELL(.name = "sched_odd", .version = "1.0",
     .summary = "A scheduler with one queue, for tests: has a function that no other one has",
     .provides = "sched", .init = odd_init, .start = odd_start);
