/* A cell to be replaced by other versions of itself (swap_cells.h). */
#include <stdbool.h>

#include "cell.h"
#include "swap_cells.h"

/* The cell's clients may hold what is in here: a stub, which outlives the version that made it. */
struct victim_state {
    struct victim_pointers pointers;
    uint64_t computed;
    uint32_t spinning; /* how many are in victim_spin() */
};
CELL_STATE(struct victim_state);

static const uint64_t plan[3] = {VICTIM_MAGIC, 1, 0};

/* Volatile: the compiler must not know what the test changes. */
static uint64_t version(void)
{
    return *(const volatile uint64_t *)&plan[1];
}

static bool planned(enum victim_plan what)
{
    return *(const volatile uint64_t *)&plan[2] & (uint64_t)what;
}

static void fault(void)
{
    volatile uint64_t address = 8;

    *(volatile uint64_t *)address = 0;
}

/* They differ, lest the compiler makes one of them. */
static uint64_t hidden(uint64_t x)
{
    return 2000 * version() + x;
}

EXPORT uint64_t victim_spare(uint64_t x)
{
    return 3000 * version() + x;
}

/* 1,024 times the same: some KiB of code. */
#define ADD_1 ++*words;
#define ADD_4 ADD_1 ADD_1 ADD_1 ADD_1
#define ADD_16 ADD_4 ADD_4 ADD_4 ADD_4
#define ADD_64 ADD_16 ADD_16 ADD_16 ADD_16
#define ADD_256 ADD_64 ADD_64 ADD_64 ADD_64

EXPORT void victim_ballast(volatile uint64_t *words)
{
    ADD_256 ADD_256 ADD_256 ADD_256
}

EXPORT uint64_t victim_version(void)
{
    return version();
}

EXPORT uint64_t victim_answer(uint64_t x)
{
    return 1000 * version() + x;
}

EXPORT void victim_pointers(struct victim_pointers *pointers)
{
    *pointers = state.pointers;
}

EXPORT uint64_t victim_through_state(uint64_t x)
{
    return state.pointers.own_static(x) + state.pointers.own_exported(x);
}

EXPORT void victim_tick(void)
{
}

EXPORT uint64_t victim_compute(uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++)
        __atomic_signal_fence(__ATOMIC_SEQ_CST); /* so that the loop stays */
    __atomic_fetch_add(&state.computed, steps, __ATOMIC_RELAXED);
    return steps;
}

static __attribute__((noinline)) void spin_here(const uint32_t *until)
{
    while (!__atomic_load_n(until, __ATOMIC_ACQUIRE))
        continue;
}

EXPORT void victim_spin(const uint32_t *until)
{
    __atomic_fetch_add(&state.spinning, 1, __ATOMIC_RELEASE);
    spin_here(until);
    __atomic_fetch_sub(&state.spinning, 1, __ATOMIC_RELEASE);
}

static enum status victim_init(enum cell_reason reason)
{
    if (planned(VICTIM_INIT_FAULTS))
        fault();
    if (planned(VICTIM_INIT_FAILS))
        return ERR_IO;
    if (reason != REASON_SWAP) /* the state is that of an earlier version */
        state.pointers = (struct victim_pointers){hidden, victim_spare};
    return OK;
}

static enum status victim_start(enum cell_reason reason)
{
    (void)reason;
    while (planned(VICTIM_START_WAITS) && !__atomic_load_n(&state.spinning, __ATOMIC_ACQUIRE))
        continue;
    if (planned(VICTIM_START_FAULTS))
        fault();
    return planned(VICTIM_START_FAILS) ? ERR_IO : OK;
}

CELL(.name = "victim", .version = "1.0", .summary = "Is replaced by versions of itself, for tests of swaps",
     .init = victim_init, .start = victim_start);
