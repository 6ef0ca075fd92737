/*
 * What every scheduler must keep: each ready task runs, on one hart at a time, none is lost, and
 * who does not wait is interrupted. Nothing here names a scheduler.
 */
#include "clock.h"
#include "load.h"
#include "nucleus/cells.h"
#include "nucleus/hart.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "sched.h"
#include "test.h"

#define MS 1000000ul
#define LIMIT_NS (20000 * MS)

/** Waits until all of @p load have run. @return false: the limit came first. */
static bool wait_for_all(const struct load *load) REQUIRES(may_park);
static bool wait_for_all(const struct load *load)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    while (load_progressed(load) < load->count) {
        if (clock_now_ns() > limit)
            return false;
        clock_sleep(MS);
    }
    return true;
}

TEST(sched, every_ready_task_runs)
{
    struct load load;

    if (!CHECK(t, load_start(&load, 2 * hart_count() + 3, 0), "no memory"))
        return;
    CHECK(t, wait_for_all(&load), "%u of %u tasks have run", load_progressed(&load), load.count);
    load_stop(&load);
}

TEST(sched, a_task_runs_on_one_hart_at_a_time)
{
    struct load load;

    if (!CHECK(t, load_start(&load, 3 * hart_count(), 2), "no memory"))
        return;
    CHECK(t, wait_for_all(&load), "%u of %u tasks have run", load_progressed(&load), load.count);
    clock_sleep(100 * MS); /* the longer, the more chances to go wrong */
    load_stop(&load);
    CHECK(t, load_collisions(&load) == 0, "%u tasks ran twice at once", load_collisions(&load));
}

static uint32_t ready_now(void)
{
    struct sched_stats stats;

    sched_stats(&stats);
    return stats.ready;
}

/** The number of ready tasks seen most often in many looks: a look may fall into a switch. */
static uint32_t ready_usually(void) REQUIRES(may_park);
static uint32_t ready_usually(void)
{
    unsigned seen[LOAD_MOST + 8] = {0};
    uint32_t usual = 0;

    for (unsigned i = 0; i < 64; i++) {
        uint32_t ready = ready_now();

        if (ready < LOAD_MOST + 8)
            seen[ready]++;
        clock_sleep(MS / 4);
    }
    for (uint32_t ready = 1; ready < LOAD_MOST + 8; ready++)
        if (seen[ready] > seen[usual])
            usual = ready;
    return usual;
}

/* With more computing tasks than harts each hart runs one, and all others are in the queues;
 * while this task looks, it holds a hart itself. */
TEST(sched, no_task_is_lost_or_doubled)
{
    struct load load;
    unsigned tasks = 2 * hart_count() + 2;
    uint32_t usual;

    if (!CHECK(t, load_start(&load, tasks, 0), "no memory"))
        return;
    CHECK(t, wait_for_all(&load), "%u of %u tasks have run", load_progressed(&load), load.count);
    usual = ready_usually();
    load_stop(&load);
    CHECK(t, usual == tasks + 1 - hart_count(), "%u ready of %u tasks and this one on %u harts",
          usual, tasks, hart_count());
    CHECK(t, ready_now() < tasks, "%u tasks are still in the queues", ready_now());
}

TEST(sched, who_does_not_wait_is_interrupted)
{
    struct sched_stats before, after;
    uint64_t limit;
    struct load load;

    sched_stats(&before);
    if (!CHECK(t, load_start(&load, 2 * hart_count(), 0), "no memory"))
        return;
    limit = clock_now_ns() + LIMIT_NS;
    do {
        clock_sleep(MS);
        sched_stats(&after);
    } while (after.preemptions - before.preemptions < 2 * hart_count() && clock_now_ns() < limit);
    load_stop(&load);
    CHECK(t, after.preemptions - before.preemptions >= 2 * hart_count(), "%lu preemptions",
          after.preemptions - before.preemptions);
    CHECK(t, after.picks > before.picks, "no picks");
}

/* There is no periodic tick: a task that nobody competes with keeps its hart. */
TEST(sched, a_lone_task_is_not_interrupted)
{
    struct sched_stats before, after;
    uint64_t end;

    if (hart_count() > 1) {
        test_skip(t, "one hart only, where nobody else kicks");
        return;
    }
    clock_sleep(MS); /* a slice that somebody left behind has ended */
    sched_stats(&before);
    end = clock_now_ns() + 60 * MS;
    while (clock_now_ns() < end)
        continue;
    sched_stats(&after);
    CHECK(t, after.preemptions - before.preemptions <= 1, "%lu preemptions in 60 ms",
          after.preemptions - before.preemptions);
}

TEST(sched, tasks_on_one_hart_share_it_fairly)
{
    uint64_t least = UINT64_MAX, most = 0;
    struct load load;

    if (hart_count() > 1) {
        test_skip(t, "one hart only: which hart a task gets is not a matter of fairness");
        return;
    }
    if (!CHECK(t, load_start(&load, 4, 0), "no memory"))
        return;
    clock_sleep(800 * MS);
    for (unsigned i = 0; i < load.count; i++) {
        uint64_t rounds = load_rounds(&load, i);

        least = rounds < least ? rounds : least;
        most = rounds > most ? rounds : most;
    }
    load_stop(&load);
    CHECK(t, most <= 2 * least, "from %lu to %lu rounds", least, most);
}

TEST(sched, a_yield_lets_the_other_run)
{
    struct load load;
    uint64_t rounds;

    if (hart_count() > 1) {
        test_skip(t, "one hart only");
        return;
    }
    if (!CHECK(t, load_start(&load, 1, 1), "no memory"))
        return;
    task_yield();
    rounds = load_rounds(&load, 0);
    for (unsigned i = 0; i < 100; i++)
        task_yield();
    rounds = load_rounds(&load, 0) - rounds;
    load_stop(&load);
    CHECK(t, rounds >= 95 && rounds <= 105, "100 yields here, %lu rounds there", rounds);
}

/* A hart that idles is woken for work that queues up elsewhere. */
TEST(sched, all_harts_get_work)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;
    uint64_t harts = 0;
    struct load load;

    if (!CHECK(t, load_start(&load, 2 * hart_count(), 0), "no memory"))
        return;
    while (harts != (1ul << hart_count()) - 1 && clock_now_ns() < limit) {
        clock_sleep(MS);
        for (unsigned i = 0; i < load.count; i++)
            harts |= __atomic_load_n(&load.members[i].harts, __ATOMIC_RELAXED);
    }
    load_stop(&load);
    CHECK(t, harts == (1ul << hart_count()) - 1, "worked on harts 0x%lx of %u", harts,
          hart_count());
}

CELL(.name = "sched_tests", .version = "1.0",
     .summary = "Tests of the scheduler, whichever is bound: progress, exclusion, fairness");
