/* Time: sleep ends when it is due, and who never waits does not keep others from their turn. */
#include "clock.h"
#include "group.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "test.h"

#define MS 1000000u
#define SECOND (1000u * MS)

TEST(task, sleep_does_not_end_early)
{
    static const uint64_t spans[] = {0, 1, 999, 50000, MS, 3 * MS, 20 * MS};

    for (unsigned i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        uint64_t start = clock_now_ns(), slept;

        clock_sleep(spans[i]);
        slept = clock_now_ns() - start;
        CHECK(t, slept >= spans[i], "slept %lu of %lu ns", slept, spans[i]);
        CHECK(t, slept < spans[i] + 5ul * SECOND, "slept %lu instead of %lu ns", slept, spans[i]);
    }
}

static int sleeps(void *argument)
{
    uint64_t span = (uint64_t)argument, start = clock_now_ns();

    role_assert_may_park();
    clock_sleep(span);
    return clock_now_ns() - start < span;
}

/* Timers set in no order, on whatever hart the tasks run. */
TEST(task, many_sleepers_wake_in_time)
{
    struct group group = {0};

    for (unsigned i = 0; i < 16; i++) {
        uint64_t span = i * 7 % 16 * MS;

        CHECK(t, group_add(&group, "sleeps", sleeps, (void *)span), "no memory");
    }
    group_join(&group);
    for (unsigned i = 0; i < group.count; i++)
        CHECK(t, group.status[i] == OK && group.result[i] == 0, "sleeper %u woke early", i);
}

static int spins(void *argument)
{
    role_assert_may_park();
    while (!__atomic_load_n((uint32_t *)argument, __ATOMIC_ACQUIRE))
        ;
    return 0;
}

static int stops(void *argument)
{
    role_assert_may_park();
    __atomic_store_n((uint32_t *)argument, 1, __ATOMIC_RELEASE);
    return 0;
}

/* Twice as many tasks that never give up their hart as there are harts; without preemption neither
 * this test nor the task that ends them would run again. */
TEST(task, spinning_tasks_do_not_starve_others)
{
    struct group group;
    uint32_t stop = 0;

    memset(&group, 0, sizeof group);
    for (unsigned i = 0; i < 2 * hart_count(); i++)
        CHECK(t, group_add(&group, "spins", spins, &stop), "no memory");
    clock_sleep(30 * MS);
    if (!CHECK(t, group_add(&group, "stops", stops, &stop), "no memory"))
        stop = 1;
    group_join(&group);
    for (unsigned i = 0; i < group.count; i++)
        CHECK(t, group.status[i] == OK, "task %u", i);
}

struct race {
    uint32_t stop;
    uint64_t counts[GROUP_MOST];
    uint32_t next;
};

static int counts(void *argument)
{
    struct race *race = argument;
    uint64_t *mine = &race->counts[__atomic_fetch_add(&race->next, 1, __ATOMIC_RELAXED)];

    role_assert_may_park();
    while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE))
        ++*(volatile uint64_t *)mine;
    return 0;
}

/* Invariant only: every task gets turns. How fair they are is for figures on one hart to say. */
struct meeting {
    uint64_t due_ns;
    uint32_t come, wanted;
};

/* Wakes at the same moment as all others, and spins until they have come, too. */
static int meets(void *argument)
{
    struct meeting *meeting = argument;
    OWN(clock_op) op = {0};
    bool all;

    role_assert_may_park();
    clock_begin(&op, meeting->due_ns);
    while (clock_step(&op) == AGAIN)
        task_park();
    clock_end(&op);
    __atomic_fetch_add(&meeting->come, 1, __ATOMIC_RELAXED);
    do
        all = __atomic_load_n(&meeting->come, __ATOMIC_RELAXED) == meeting->wanted;
    while (!all && clock_now_ns() < meeting->due_ns + 500 * MS);
    return all;
}

/* The first one that wakes finds its hart idle, the others do not; and the hart has been so for longer than a turn. */
TEST(task, who_wakes_at_the_same_moment_gets_turns)
{
    for (unsigned round = 0; round < 5; round++) {
        struct group group;
        struct meeting meeting = {.due_ns = clock_now_ns() + 30 * MS, .wanted = hart_count() + 3};
        unsigned missed = 0;

        memset(&group, 0, sizeof group);
        for (unsigned i = 0; i < meeting.wanted; i++)
            CHECK(t, group_add(&group, "meets", meets, &meeting), "no memory");
        clock_sleep(10 * MS); /* so that the hart serves a lone task before it idles */
        group_join(&group);
        for (unsigned i = 0; i < group.count; i++)
            missed += group.result[i] != 1;
        CHECK(t, missed == 0, "round %u: %u tasks waited for others that had no turn", round, missed);
    }
}

TEST(task, each_of_many_spinning_tasks_gets_turns)
{
    struct race race;
    struct group group;
    bool all = false;

    memset(&race, 0, sizeof race);
    memset(&group, 0, sizeof group);
    for (unsigned i = 0; i < 3 * hart_count(); i++)
        CHECK(t, group_add(&group, "counts", counts, &race), "no memory");
    for (unsigned wait = 0; wait < 200 && !all; wait++) {
        clock_sleep(10 * MS);
        all = true;
        for (unsigned i = 0; i < group.count; i++)
            all &= *(volatile uint64_t *)&race.counts[i] > 0;
    }
    __atomic_store_n(&race.stop, 1, __ATOMIC_RELEASE);
    group_join(&group);
    CHECK(t, all, "a task had no turn within 2 s");
}
