/* What a swap does while all harts are held. */
#include "clock.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "pause_cells.h"
#include "swap.h"
#include "task.h"
#include "test.h"

#define MS 1000000ul
#define SWAPS 30u
#define CALLERS 12u

/* Swaps the cell `pause` by itself, and waits. @return whether that worked. */
static bool swap_pause(struct test_run *t, struct swap_report *report) REQUIRES(may_park);
static bool swap_pause(struct test_run *t, struct swap_report *report)
{
    OWN(swap_request) request = {0};

    if (!cell_swap(&request, "pause", "pause", NULL, 0, false, &report->why))
        return CHECK(t, false, "%s", report->why.text);
    return CHECK(t, swap_wait(&request, report) == OK && report->status == OK, "%s: %s",
                 status_name(report->status), report->why.text);
}

/* The other harts leave the hold on their own. */
static bool has_grown(unsigned hart, uint64_t before) REQUIRES(may_park);
static bool has_grown(unsigned hart, uint64_t before)
{
    uint64_t limit = clock_now_ns() + 5000 * MS;

    while (hart_hold_fences(hart) == before && clock_now_ns() < limit)
        clock_sleep(MS);
    return hart_hold_fences(hart) > before;
}

TEST(pause, every_hart_executes_fence_i_after_a_swap)
{
    struct swap_report report;
    uint64_t before[MAX_HARTS];

    memset(&report, 0, sizeof report);
    for (unsigned hart = 0; hart < hart_count(); hart++)
        before[hart] = hart_hold_fences(hart);
    if (!swap_pause(t, &report))
        return;
    for (unsigned hart = 0; hart < hart_count(); hart++)
        CHECK(t, has_grown(hart, before[hart]), "hart %u came out of no hold", hart);
}

struct HOLDS caller {
    task_handle task; /* the test joins it */
    uint32_t *stop;
    uint64_t rounds, wrong;
};

/* Most of the time it is ready, and outside of the cell; so it is walked beforehand, and then runs into it. */
static int call_often(void *argument)
{
    struct caller *caller = argument;

    role_assert_may_park();
    while (!__atomic_load_n(caller->stop, __ATOMIC_RELAXED)) {
        caller->wrong += pause_step(caller->rounds) != caller->rounds + 1;
        caller->rounds++;
        for (unsigned i = 0; i < 32; i++)
            task_yield();
    }
    return 0;
}

/* Unchecked: clang cannot follow handles in an array. */
TEST(pause, tasks_that_run_meanwhile_are_not_taken_for_sleeping) UNCHECKED
{
    struct swap_report report = {.status = OK};
    struct caller callers[CALLERS] = {0};
    uint32_t stop = 0;
    unsigned started = 0;

    for (; started < CALLERS; started++) {
        callers[started].stop = &stop;
        if (!CHECK(t, task_spawn(&callers[started].task, "caller", call_often, &callers[started]),
                   "no memory"))
            break;
    }
    for (unsigned i = 0; i < SWAPS && swap_pause(t, &report); i++)
        continue;
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < started; i++) {
        CHECK(t, task_join(&callers[i].task, NULL) == OK, "caller %u was ended by a fault", i);
        CHECK(t, callers[i].rounds > 0 && callers[i].wrong == 0, "caller %u: %lu rounds, %lu wrong",
              i, callers[i].rounds, callers[i].wrong);
    }
}

CELL(.name = "pause_tests", .version = "1.0",
     .summary = "Tests of what is done while harts are held");
