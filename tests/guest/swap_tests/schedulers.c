/* Swaps of the scheduler under load: every task goes on, none is lost, doubled, or run twice at once, and no
 * memory is lost. */
#include "clock.h"
#include "crowd.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "sched.h"
#include "snapshot.h"
#include "swaps.h"

#define LOOKS 64u

/* Swaps to and fro, an even number of times; every task must go on after the first swap, and then after every
 * @p every-th. */
static void swap_often(struct test_run *t, const struct crowd *crowd, unsigned swaps,
                       unsigned every) REQUIRES(may_park);
static void swap_often(struct test_run *t, const struct crowd *crowd, unsigned swaps,
                       unsigned every)
{
    const char *names[2];

    schedulers_name(names);
    for (unsigned i = 0; i < swaps; i++) {
        if (!swap_good(t, names[i % 2], names[1 - i % 2], NULL))
            break;
        if (i % every == 0 && !crowd_goes_on(t, crowd, 1)) {
            CHECK(t, false, "after swap %u", i);
            break;
        }
    }
}

static bool count_ready(struct task *task, void *argument)
{
    *(unsigned *)argument += task_state(task) == TASK_READY;
    return true;
}

/* How many more tasks are ready than are in the scheduler's queues, at least, in many looks: a look may fall
 * into a switch, where a task is ready and in no queue yet. */
static unsigned lost_at_least(void) REQUIRES(may_park);
static unsigned lost_at_least(void)
{
    unsigned least = CROWD_MOST;

    for (unsigned i = 0; i < LOOKS; i++) {
        struct sched_stats stats;
        unsigned ready = 0;

        task_each(count_ready, &ready);
        sched_stats(&stats);
        if (ready >= stats.ready && ready - stats.ready < least)
            least = ready - stats.ready;
        clock_sleep(MS / 4);
    }
    return least;
}

/* The marks that show a task which runs twice at once are worth something: two tasks share one member. */
static int mark_for_ever(void *argument)
{
    struct crowd_member *member = argument;

    role_assert_may_park();
    while (!__atomic_load_n(&member->crowd->stop, __ATOMIC_RELAXED))
        crowd_mark(member);
    return 0;
}

TEST(swap, tasks_that_run_twice_at_once_are_found)
{
    OWN(task_handle) other = {0};
    uint64_t limit = clock_now_ns() + LIMIT_NS;
    struct crowd crowd;

    crowd_init(&crowd);
    if (!CHECK(t, crowd_add(&crowd, 1, COMPUTES), "no memory"))
        return;
    if (!task_spawn(&other, "same", mark_for_ever, &crowd.members[0])) {
        CHECK(t, false, "no memory");
        crowd_stop(&crowd);
        return;
    }
    while (crowd_collisions(&crowd) == 0 && clock_now_ns() < limit)
        clock_sleep(MS);
    CHECK(t, crowd_collisions(&crowd) == 1, "%u", crowd_collisions(&crowd));
    crowd_stop(&crowd);
    (void)task_join(&other, NULL);
}

/* Most are interrupted in the middle of their turns; so a swap, whose task waits for its turn, takes long. */
TEST(swap, scheduler_under_tasks_that_compute)
{
    struct crowd crowd;

    crowd_init(&crowd);
    if (!CHECK(t,
               crowd_add(&crowd, 2 * hart_count() + 3, COMPUTES) &&
                   crowd_add(&crowd, hart_count() + 2, YIELDS),
               "no memory"))
        return;
    swap_often(t, &crowd, 10, 1);
    crowd_end(t, &crowd);
}

static void swap_fails(struct test_run *t, const char *old, const struct image *image)
    REQUIRES(may_park);
static __attribute__((noinline)) void swap_fails(struct test_run *t, const char *old,
                                                 const struct image *image)
{
    struct swap_report report;

    CHECK(t, swap_ask(old, "sched_odd", image, &report) == ERR_INIT, "%s", report.why.text);
}

/* The new one has run tasks by then, and the old one's queues are those of another time. */
TEST(swap, scheduler_whose_start_fails_is_undone_under_load)
{
    struct snapshot before;
    struct image image;
    struct crowd crowd;
    const char *names[2];

    schedulers_name(names);
    crowd_init(&crowd); /* else it holds what the stack held before */
    if (!image_copy(t, &image, "sched_odd"))
        return;
    image_plan(&image, 1, VICTIM_START_FAILS);
    swap_bad(t, names[0], "sched_odd", &image, ERR_INIT, TEXTS("sched_odd: its start() failed"));
    snapshot_take(&before);
    if (CHECK(t, crowd_start_mixed(&crowd), "no memory")) {
        for (unsigned i = 0; i < 3; i++) {
            swap_fails(t, names[0], &image);
            crowd_goes_on(t, &crowd, 1);
        }
        crowd_end(t, &crowd);
    }
    snapshot_check(t, &before, "after all");
    image_free(&image);
}

/* The first swap and the one back make the places in the arenas where the two will be. Those at the end bring
 * them, and what the loader knows of them, back to these: under load an old one may wait to be freed. */
TEST(swap, scheduler_often_under_a_hundred_tasks)
{
    unsigned swaps = swap_count(hart_count() == 1 ? 20 : 50), lost;
    struct snapshot before, between;
    struct crowd crowd;

    crowd_init(&crowd);
    swap_often(t, &crowd, 2, 1);
    snapshot_take(&before);
    if (!CHECK(t, crowd_start_mixed(&crowd), "no memory"))
        return;
    if (crowd_goes_on(t, &crowd, 1))
        swap_often(t, &crowd, swaps, 25);
    lost = lost_at_least();
    CHECK(t, lost == 0, "%u tasks are ready and in no queue", lost);
    crowd_end(t, &crowd);
    crowd_init(&crowd);
    snapshot_take(&between);
    swap_often(t, &crowd, 2, 1);
    snapshot_check_memory(t, &before, "after all swaps");
}

/* What holds the scheduler that went; empty: nothing, it is freed. */
static __attribute__((noinline)) void find_odd(char holder[CELL_HOLDER_ROOM])
{
    struct zombie_info zombie;

    holder[0] = '\0';
    for (unsigned i = 0; zombie_get(i, &zombie); i++) {
        if (strcmp(zombie.name, "sched_odd") == 0)
            string_copy(holder, CELL_HOLDER_ROOM, zombie.holder);
    }
}

/* It leaves words on the stacks on which handlers run later; of those an idle hart has few, and always the same. */
TEST(swap, idle_harts_keep_nothing_of_a_scheduler_that_went)
{
    char holder[CELL_HOLDER_ROOM];
    const char *names[2];

    if (hart_count() == 1)
        test_skip(t, "many harts only: another one must idle");
    schedulers_name(names);
    if (hart_count() == 1 || !swap_good(t, names[0], "sched_odd", NULL))
        return;
    clock_sleep(20 * MS);
    if (!swap_good(t, "sched_odd", names[0], NULL))
        return;
    holder[0] = '?';
    for (unsigned i = 0; i < 100 && holder[0]; i++) {
        clock_sleep(2 * MS);
        CHECK(t, cells_drain() == OK, "busy");
        find_odd(holder);
    }
    CHECK(t, !holder[0], "held by %s", holder);
}
