/* Swaps of the scheduler under load. */
#include "clock.h"
#include "inspect.h"
#include "load.h"
#include "nucleus/string.h"
#include "nucleus/swap.h"
#include "sched.h"
#include "test.h"

#define MS 1000000ul
#define LIMIT_NS (20000 * MS)
#define SWAPS 20u

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
    uint64_t ticket;
    enum status status = cell_swap(old, new, NULL, 0, false, &ticket, &report->why);

    if (status == OK)
        status = swap_wait(ticket, report);
    return CHECK(t, status == OK && report->status == OK, "%s to %s: %s: %s", old, new,
                 status_name(report->status), report->why.text);
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

TEST(swap, scheduler_to_and_fro_under_load)
{
    struct swap_report report = {.status = OK};
    uint64_t before[LOAD_MOST];
    const char *names[2];
    struct load load;
    unsigned left = 0;

    name_schedulers(names);
    if (!CHECK(t, load_start(&load, LOAD_MOST, 5), "no memory"))
        return;
    for (unsigned i = 0; i < SWAPS && left == 0; i++) {
        for (unsigned j = 0; j < load.count; j++)
            before[j] = load_rounds(&load, j);
        if (!swap_done(t, names[i % 2], names[1 - i % 2], &report))
            break;
        left = wait_for_rounds(&load, before);
        CHECK(t, left == 0, "%u tasks stand still after swap %u", left, i);
    }
    load_stop(&load);
    CHECK(t, load_collisions(&load) == 0, "%u tasks ran twice at once", load_collisions(&load));
}
