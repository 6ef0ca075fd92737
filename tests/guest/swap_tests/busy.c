/* Tasks within the cell that is to be replaced, and tasks that are held meanwhile. */
#include "clock.h"
#include "console.h"
#include "crowd.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "snapshot.h"
#include "swaps.h"

struct spinner {
    uint32_t begun, until;
};

static int spin(void *argument)
{
    struct spinner *spinner = argument;

    role_assert_may_park();
    __atomic_store_n(&spinner->begun, 1, __ATOMIC_RELEASE);
    victim_spin(&spinner->until);
    return 0;
}

/* Swaps victim twice while somebody spins in it. Others go on, also if they call it, too. */
static void swap_while_it_spins(struct test_run *t, const struct spinner *spinner,
                                const struct crowd *crowd) REQUIRES(may_park);
static void swap_while_it_spins(struct test_run *t, const struct spinner *spinner,
                                const struct crowd *crowd)
{
    const char *const why[] = {"spins for ever", "1000 ms", "victim:spin_here", NULL};
    struct image image;

    while (!__atomic_load_n(&spinner->begun, __ATOMIC_ACQUIRE))
        task_yield();
    if (!image_of_next(t, &image, 0))
        return;
    for (unsigned i = 0; i < 2; i++) {
        struct snapshot before;
        struct swap_report report;
        uint64_t version = victim_version(), began = clock_now_ns();
        enum status status;

        snapshot_take(&before);
        status = swap_ask("victim", "victim", &image, &report);
        CHECK(t, status == ERR_BUSY && !report.done, "%s", status_name(status));
        CHECK(t, has_in_order(report.why.text, why), "says \"%s\"", report.why.text);
        CHECK(t, clock_now_ns() - began >= 900 * MS, "it gave up after %lu ms",
              (clock_now_ns() - began) / MS);
        crowd_goes_on(t, crowd, 2);
        CHECK(t, victim_version() == version, "version %lu serves", victim_version());
        snapshot_check(t, &before, "after the deadline");
    }
    image_free(&image);
}

TEST(swap, gives_up_when_a_task_loops_in_the_old_cell)
{
    OWN(task_handle) handle = {0};
    struct spinner spinner = {0};
    struct crowd crowd;

    crowd_init(&crowd);
    if (!CHECK(t,
               crowd_add(&crowd, 2, WAKES) && crowd_add(&crowd, 2, YIELDS) &&
                   crowd_add(&crowd, 2, SLEEPS) && crowd_add(&crowd, 2, COMPUTES),
               "no memory"))
        return;
    if (task_spawn(&handle, "spins for ever", spin, &spinner)) {
        swap_while_it_spins(t, &spinner, &crowd);
        __atomic_store_n(&spinner.until, 1, __ATOMIC_RELEASE);
        CHECK(t, task_join(&handle, NULL) == OK, "its task did not end in peace");
        swap_victim(t);
    }
    crowd_goes_on(t, &crowd, 1);
    crowd_end(t, &crowd);
}

/* Spins in victim as soon as another version serves. */
static int spin_in_next(void *argument)
{
    struct spinner *spinner = argument;
    uint64_t version = victim_version();

    role_assert_may_park();
    __atomic_store_n(&spinner->begun, 1, __ATOMIC_RELEASE);
    while (victim_version() == version)
        task_yield();
    victim_spin(&spinner->until);
    return 0;
}

TEST(swap, version_whose_start_fails_serves_on_while_a_task_loops_in_it)
{
    const char *const why[] = {"serves nevertheless", "spins in next", "victim:spin_here", NULL};
    OWN(task_handle) handle = {0};
    struct spinner spinner = {0};
    struct swap_report report;
    struct image image;
    uint64_t version = image_of_next(t, &image, VICTIM_START_WAITS | VICTIM_START_FAILS);

    if (!version)
        return;
    if (task_spawn(&handle, "spins in next", spin_in_next, &spinner)) {
        while (!__atomic_load_n(&spinner.begun, __ATOMIC_ACQUIRE))
            task_yield();
        CHECK(t, swap_ask("victim", "victim", &image, &report) == ERR_INIT && report.done, "%s",
              status_name(report.status));
        CHECK(t, has_in_order(report.why.text, why), "says \"%s\"", report.why.text);
        CHECK(t, victim_version() == version && caller_answer(0) == 1000 * version,
              "version %lu serves", victim_version());
        __atomic_store_n(&spinner.until, 1, __ATOMIC_RELEASE);
        CHECK(t, task_join(&handle, NULL) == OK, "its task did not end in peace");
        swap_victim(t);
    }
    image_free(&image);
}

/* Swaps victim @p swaps times while @p crowd calls it, and ends the crowd. */
static void swap_under(struct test_run *t, struct crowd *crowd, unsigned swaps) REQUIRES(may_park);
static void swap_under(struct test_run *t, struct crowd *crowd, unsigned swaps)
{
    unsigned done = 0, moved = 0;
    enum status status = OK;
    struct swap_report report = {0};

    while (done < swaps && status == OK) {
        struct image image;
        uint64_t version = image_of_next(t, &image, 0);

        if (!version)
            break;
        status = swap_ask("victim", "victim", &image, &report);
        image_free(&image);
        done += status == OK;
        moved += report.moved;
        CHECK(t, status != OK || victim_version() == version, "version %lu serves, not %lu",
              victim_version(), version);
        if (done % 5 == 1 && !crowd_goes_on(t, crowd, 1))
            break;
    }
    CHECK(t, done == swaps, "%u swaps, then: %s", done, report.why.text);
    print("# %u tasks were amid a call when it was patched\n", moved);
    crowd_end(t, crowd);
}

/* Half of the time each is in the victim, so there is no moment without one, unless those outside are held. */
TEST(swap, callers_are_held_until_all_have_left_the_old_cell)
{
    struct crowd crowd;

    crowd_init(&crowd);
    if (CHECK(t, crowd_add(&crowd, 6 * hart_count(), CALLS), "no memory"))
        swap_under(t, &crowd, 5);
}

/* One instruction in three of caller_ticks() is the second of a pair, whose first one was done with the old
 * distance. Only in single steps is a task ever interrupted there. The versions lie more than a page
 * apart, so that the old first one with the new second one leads astray: the fault is the task's end. */
TEST(swap, tasks_between_the_two_instructions_of_a_call_go_on)
{
    struct crowd crowd;

    crowd_init(&crowd);
    if (CHECK(t, crowd_add(&crowd, 2 * hart_count() + 2, TICKS), "no memory"))
        swap_under(t, &crowd, swap_count(20));
}
