/* Migrations that fail, fault, or do not end, at any step: all is undone, and the old version serves on, soon. */
#include "console.h"
#include "versions.h"

#define PAUSE_MOST_MS 10ul

static void check_pause(struct test_run *t, const struct wanted *wanted, const struct swap_report *report)
{
    CHECK(t, report->pause < PAUSE_MOST_MS * 1000000 || !time_is_counted(),
          "plan %d at step %lu: all harts stood still for %lu ns", (int)wanted->plan, wanted->step, report->pause);
}

/* What comes of a plan. */
static const struct outcome {
    enum notes_plan plan;
    enum status status;
    const char *text;
} outcomes[] = {
    {NOTES_FAILS, ERR_IO, "device error"},
    {NOTES_SAYS_AGAIN, ERR_INVALID, "must wait"},
    {NOTES_FAULTS, ERR_FAULT, "faulted: in notes:"},
    {NOTES_LOOPS, ERR_TIMEOUT, "timed out: in notes:loop"},
    {NOTES_WAITS_FOR_A_LOCK, ERR_FAULT, "faulted: in notes:wait_for_a_lock"},
};

static void fail_at(struct test_run *t, const char *file, const struct outcome *outcome, uint64_t step) REQUIRES(may_park);
static void fail_at(struct test_run *t, const char *file, const struct outcome *outcome, uint64_t step)
{
    const struct wanted wanted = {.file = file, .plan = outcome->plan, .step = step};
    const char *what = step == 0 ? "the state of notes cannot be had in " : "an object of kind note of notes cannot be had";
    struct swap_report report;

    version_refuse(t, "notes", &wanted, outcome->status, TEXTS(what, outcome->text), &report);
    check_pause(t, &wanted, &report);
}

/* All plans at the state, and at the first note, one in the middle, the last. */
static void fail_everywhere(struct test_run *t, const char *file, unsigned count) REQUIRES(may_park);
static void fail_everywhere(struct test_run *t, const char *file, unsigned count)
{
    const uint64_t steps[] = {0, 1, count / 2, count};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, count))
        return;
    for (unsigned i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        for (unsigned j = 0; j < sizeof steps / sizeof steps[0]; j++)
            fail_at(t, file, &outcomes[i], steps[j]);
    }
    crop_check(t, &crop);
    version_take(t, "notes", file);
    crop_check(t, &crop);
    crop_drop(&crop);
    notes_begin(t);
}

TEST(evolve, migration_that_fails_at_any_step_is_undone)
{
    fail_everywhere(t, "wider/notes.cell", 100);
}

TEST(evolve, bodies_of_a_migration_that_fails_are_given_back)
{
    fail_everywhere(t, "split/notes.cell", 100);
}

TEST(evolve, many_objects_are_back_within_ten_milliseconds)
{
    struct crop crop;

    if (!time_is_counted())
        print("# time is not counted in instructions, so nobody looks at it\n");
    if (!notes_begin(t) || !crop_make(t, &crop, NOTES_MOST))
        return;
    for (unsigned i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        fail_at(t, "wider/notes.cell", &outcomes[i], NOTES_MOST);
    crop_check(t, &crop);
    crop_drop(&crop);
}
