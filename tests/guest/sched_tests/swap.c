/* Swaps of the scheduler under load. */
#include "clock.h"
#include "inspect.h"
#include "load.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "nucleus/swap.h"
#include "sched.h"
#include "test.h"

#define MS 1000000ul
#define LIMIT_NS (20000 * MS)

/* The two, the bound one first. */
static void name_schedulers(const char *names[2])
{
    struct cell_info cell;
    bool rr = cell_find("sched_rr", &cell);

    names[!rr] = "sched_rr";
    names[rr] = "sched_mlfq";
}

/* Swaps and waits. @return whether that worked. */
static bool swap_done(struct test_run *t, const char *old, const char *new,
                      struct swap_report *report) REQUIRES(may_park);
static bool swap_done(struct test_run *t, const char *old, const char *new,
                      struct swap_report *report)
{
    OWN(swap_request) request = {0};

    if (!cell_swap(&request, old, new, NULL, 0, false, &report->why))
        return CHECK(t, false, "%s to %s: %s", old, new, report->why.text);
    return CHECK(t, swap_wait(&request, report) == OK && report->status == OK, "%s to %s: %s: %s",
                 old, new, status_name(report->status), report->why.text);
}

/* Waits until every task has done a round since @p before. @return how many have not. */
static unsigned wait_for_rounds(const struct load *load, const uint64_t *before) REQUIRES(may_park);
static unsigned wait_for_rounds(const struct load *load, const uint64_t *before)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;
    unsigned left;

    do {
        left = 0;
        for (unsigned i = 0; i < load->count; i++)
            left += load_rounds(load, i) == before[i];
        if (left)
            clock_sleep(MS);
    } while (left && clock_now_ns() < limit);
    return left;
}

static void note_rounds(const struct load *load, uint64_t *rounds)
{
    for (unsigned i = 0; i < load->count; i++)
        rounds[i] = load_rounds(load, i);
}

/* Swaps to and fro under @p load; every task must do a round after the first swap, and then after every
 * @p every-th. */
static void swap_often(struct test_run *t, struct load *load, unsigned swaps, unsigned every)
    REQUIRES(may_park);
static void swap_often(struct test_run *t, struct load *load, unsigned swaps, unsigned every)
{
    struct swap_report report = {.status = OK};
    uint64_t before[LOAD_MOST];
    const char *names[2];
    unsigned left = 0;

    name_schedulers(names);
    note_rounds(load, before);
    for (unsigned i = 0; i < swaps && left == 0; i++) {
        if (!swap_done(t, names[i % 2], names[1 - i % 2], &report))
            break;
        if (i % every != 0)
            continue;
        left = wait_for_rounds(load, before);
        CHECK(t, left == 0, "%u tasks stand still after swap %u", left, i);
        note_rounds(load, before);
    }
    load_stop(load);
    CHECK(t, load_collisions(load) == 0, "%u tasks ran twice at once", load_collisions(load));
}

/* Most are interrupted in the middle of their turns; so a swap, whose task waits for its turn, takes long. */
TEST(swap, scheduler_under_tasks_that_compute)
{
    struct load load;

    if (CHECK(t, load_start(&load, 3 * hart_count() + 5, 3), "no memory"))
        swap_often(t, &load, 10, 1);
}

TEST(swap, scheduler_often_under_a_hundred_tasks)
{
    struct load load;

    if (CHECK(t, load_start(&load, LOAD_MOST, 1), "no memory"))
        swap_often(t, &load, hart_count() == 1 ? 1000 : 100, 25);
}
