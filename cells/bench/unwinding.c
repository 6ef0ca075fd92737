/*
 * What a kill costs, and each frame that it unwinds: a task goes down so many calls, parks there, and is killed.
 * The figures of a frame are the difference between a deep and a shallow task.
 */
#include "bench.h"
#include "nucleus/hart.h"
#include "task.h"

#define SHALLOW 8u
#define DEEP 72u

struct dive {
    uint64_t depth;
    volatile bool up; /* never */
    bool holds;       /* each frame has something to clean up */
    uint64_t cleaned; /* how many did */
};

static void nothing_held_unwind(uint64_t **cleaned)
{
    ++**cleaned;
}

static void go_down(struct dive *dive, uint64_t depth) REQUIRES(may_park);
static __attribute__((noinline)) void go_down(struct dive *dive, uint64_t depth)
{
    if (depth > 0) {
        go_down(dive, depth - 1);
    } else {
        while (!dive->up)
            task_park();
    }
    dive->cleaned++; /* so the call is not the last of the function */
}

static void go_down_holding(struct dive *dive, uint64_t depth) REQUIRES(may_park);
static __attribute__((noinline)) void go_down_holding(struct dive *dive, uint64_t depth)
{
    __attribute__((cleanup(nothing_held_unwind))) uint64_t *cleaned = &dive->cleaned;

    if (depth > 0) {
        go_down_holding(dive, depth - 1);
    } else {
        while (!dive->up)
            task_park();
    }
    ++*cleaned;
}

static int dive_entry(void *argument)
{
    struct dive *dive = argument;

    role_assert_may_park();
    if (dive->holds)
        go_down_holding(dive, dive->depth);
    else
        go_down(dive, dive->depth);
    return 0;
}

/* From the kill to when the killer, which has joined, goes on. */
static enum status kill_one(uint64_t depth, bool holds, uint64_t *instructions) REQUIRES(may_park);
static enum status kill_one(uint64_t depth, bool holds, uint64_t *instructions)
{
    OWN(task_handle) task = {0};
    struct dive dive = {.depth = depth, .holds = holds};
    enum status status, end;
    uint64_t start;

    if (!task_spawn(&task, "diver", dive_entry, &dive))
        return ERR_NOMEM;
    task_yield(); /* it is down and parks */
    start = hart_instructions();
    status = task_kill(task.task->number);
    end = task_join(&task, NULL);
    *instructions = hart_instructions() - start;
    if (status == OK && end == ERR_CANCELLED && (!holds || dive.cleaned == depth + 1))
        return OK;
    return ERR_FAULT;
}

static enum status run_kill(uint64_t *instructions)
{
    role_assert_may_park();
    return kill_one(0, false, instructions);
}
BENCH(kill, .help = "kill of a parked task, until its joiner goes on", .runs = 15, .run = run_kill);

static enum status per_frame(bool holds, uint64_t *instructions) REQUIRES(may_park);
static enum status per_frame(bool holds, uint64_t *instructions)
{
    uint64_t shallow, deep;
    enum status status = kill_one(SHALLOW, holds, &shallow);

    if (status == OK)
        status = kill_one(DEEP, holds, &deep);
    if (status == OK)
        *instructions = (deep - shallow) / (DEEP - SHALLOW);
    return status;
}

static enum status run_unwind_frame(uint64_t *instructions)
{
    role_assert_may_park();
    return per_frame(false, instructions);
}
BENCH(unwind_frame, .help = "a frame that is unwound", .goal = 600, .runs = 5, .run = run_unwind_frame);

static enum status run_unwind_cleanup(uint64_t *instructions)
{
    role_assert_may_park();
    return per_frame(true, instructions);
}
BENCH(unwind_cleanup, .help = "the same with a cleanup", .goal = 1500, .runs = 5,
      .run = run_unwind_cleanup);

static int fault_entry(void *since)
{
    role_assert_may_park();
    *(uint64_t *)since = hart_instructions();
    return (int)*(volatile uint64_t *)0x123456780; /* never mapped */
}

static enum status run_fault(uint64_t *instructions)
{
    OWN(task_handle) task = {0};
    enum status end;
    uint64_t since;

    role_assert_may_park();
    if (!task_spawn(&task, "culprit", fault_entry, &since))
        return ERR_NOMEM;
    end = task_join(&task, NULL);
    *instructions = hart_instructions() - since;
    return end == ERR_FAULT ? OK : ERR_FAULT;
}
BENCH(fault, .help = "fault of a task, until its joiner goes on, with the report", .runs = 3,
      .run = run_fault);
