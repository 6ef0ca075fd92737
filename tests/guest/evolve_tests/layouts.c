/* Layouts that change: every value is found again, where it was, and nothing is left behind. */
#include "nucleus/cells.h"
#include "nucleus/string.h"
#include "recovery.h"
#include "versions.h"

TEST(evolve, state_has_members_that_come_go_move_and_grow)
{
    struct notes_figures before, now;

    if (!notes_begin(t))
        return;
    notes_hit();
    notes_figures(&before);
    if (!version_take(t, "notes", "wider/notes.cell"))
        return;
    notes_figures(&now);
    CHECK(t, now.hits == before.hits && now.first == before.first && now.second == before.second, "%lu %lu %lu", now.hits,
          now.first, now.second);
    CHECK(t, now.added == 4711, "the new member is %lu", now.added);
    notes_hit();
    version_take(t, "notes", "notes.cell");
    notes_figures(&now);
    CHECK(t, now.hits == before.hits + 1 && now.first == before.first + 10 && now.second == before.second + 100,
          "%lu %lu %lu", now.hits, now.first, now.second);
}

/* Takes @p files (up to a NULL), one after another, with many notes, and others that come between. */
static void evolve_through(struct test_run *t, const char *const *files) REQUIRES(may_park);
static void evolve_through(struct test_run *t, const char *const *files)
{
    struct crop crop, more;
    struct snapshot before;

    if (!notes_begin(t))
        return;
    snapshot_take(&before);
    if (crop_make(t, &crop, NOTES_MOST)) {
        for (; *files && version_take(t, "notes", *files) && crop_check(t, &crop); files++) {
            if (crop_make(t, &more, 100))
                crop_check(t, &more);
            crop_drop(&more);
        }
    }
    crop_drop(&crop);
    if (notes_begin(t))
        snapshot_check_memory(t, &before, "once all notes are dropped");
}

TEST(evolve, ten_thousand_objects_grow_within_their_room)
{
    evolve_through(t, TEXTS("wider/notes.cell", "notes.cell", "wider/notes.cell"));
}

TEST(evolve, ten_thousand_objects_grow_beyond_their_room)
{
    evolve_through(t, TEXTS("split/notes.cell", "notes.cell", "split/notes.cell"));
}

TEST(evolve, several_earlier_layouts_are_known)
{
    evolve_through(t, TEXTS("wider/notes.cell", "split/notes.cell", "notes.cell"));
}

TEST(evolve, report_counts_objects)
{
    const struct wanted wider = {.file = "wider/notes.cell"}, first = {.file = "notes.cell"};
    struct swap_report report;
    struct crop crop;

    if (notes_begin(t) && crop_make(t, &crop, 100)) {
        CHECK(t, version_swap("notes", &wider, &report) == OK && report.objects == 101, "%u: %s", report.objects,
              report.why.text);
        CHECK(t, version_swap("notes", &wider, &report) == OK && report.objects == 0, "%u: %s", report.objects,
              report.why.text);
        CHECK(t, version_swap("notes", &first, &report) == OK && report.objects == 101, "%u: %s", report.objects,
              report.why.text);
    }
    crop_drop(&crop);
}

#define SCRAPS 12u

static void fill(uint8_t *scrap, unsigned number)
{
    memset(scrap, (int)number, 10ul << number);
}

static bool is_filled(const uint8_t *scrap, unsigned number)
{
    for (size_t i = 0; i < 10ul << number; i++) {
        if (scrap[i] != (uint8_t)number)
            return false;
    }
    return true;
}

TEST(evolve, buffers_stay_as_they_are)
{
    uint8_t *scraps[SCRAPS];
    struct snapshot before;

    if (!notes_begin(t))
        return;
    snapshot_take(&before);
    for (unsigned i = 0; i < SCRAPS; i++) {
        scraps[i] = notes_scrap(10ul << i);
        if (CHECK(t, scraps[i], "no memory"))
            fill(scraps[i], i);
    }
    version_take(t, "notes", "split/notes.cell");
    for (unsigned i = 0; i < SCRAPS; i++) {
        CHECK(t, !scraps[i] || is_filled(scraps[i], i), "scrap %u has changed", i);
        notes_scrap_drop(scraps[i]);
    }
    if (notes_begin(t))
        snapshot_check_memory(t, &before, "once all scraps are dropped");
}

TEST(evolve, kind_without_objects_may_be_unknown_to_the_next_version)
{
    if (!notes_begin(t) || !version_take(t, "notes", "forgetful/notes.cell"))
        return;
    CHECK(t, !notes_odd(true), "an object of a kind that there is not");
    if (!notes_begin(t))
        return;
    CHECK(t, notes_odd(true), "the kind has not come back");
    notes_odd(false);
}

/* Without functions for the way back the new one serves on; with them all is as before. */
TEST(evolve, start_that_fails_leads_back)
{
    const struct wanted back = {.file = "wider/notes.cell", .plan = NOTES_START_FAILS};
    const struct wanted one_way = {.file = "wider_one_way/notes.cell", .plan = NOTES_START_FAILS};
    struct swap_report report;
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 1000))
        return;
    version_refuse(t, "notes", &back, ERR_INIT, TEXTS("notes: its start() failed: device error"), &report);
    crop_check(t, &crop);
    CHECK(t, version_swap("notes", &one_way, &report) == ERR_INIT && report.done, "%s", status_name(report.status));
    CHECK(t, has_in_order(report.why.text, TEXTS("its start() failed, and it serves nevertheless")), "%s",
          report.why.text);
    CHECK(t, notes_version() == 2, "version %u serves", notes_version());
    crop_check(t, &crop);
    version_take(t, "notes", "wider/notes.cell"); /* of the same layout, and knows the way back */
    version_take(t, "notes", "notes.cell");
    crop_check(t, &crop);
    crop_drop(&crop);
}

/* On probation, with objects that come meanwhile, and back. */
static void there_and_back(struct test_run *t, const char *file, struct crop *more) REQUIRES(may_park);
static void there_and_back(struct test_run *t, const char *file, struct crop *more)
{
    const struct wanted wanted = {.file = file, .probation = true};
    struct swap_report report;

    CHECK(t, version_swap("notes", &wanted, &report) == OK && report.done && report.probation, "%s: %s", file,
          report.why.text);
    (void)crop_make(t, more, 10);
    CHECK(t, version_order(SWAP_ROLLBACK, "notes", &report) == OK, "%s: %s", file, report.why.text);
    CHECK(t, notes_version() == 1, "version %u serves", notes_version());
}

static void roll_back(struct test_run *t, const char *file) REQUIRES(may_park);
static void roll_back(struct test_run *t, const char *file)
{
    OWN(recovery_hold) hold = {0}; /* the probation is short */
    struct crop crop, more;
    struct snapshot before;

    if (!notes_begin(t))
        return;
    snapshot_take(&before);
    if (!crop_make(t, &crop, 1000))
        return;
    recovery_hold_begin(&hold);
    there_and_back(t, file, &more);
    recovery_hold_end(&hold);
    crop_check(t, &more);
    crop_check(t, &crop);
    crop_drop(&more);
    crop_drop(&crop);
    snapshot_check_memory(t, &before, file);
}

TEST(evolve, rollback_takes_objects_back)
{
    roll_back(t, "wider/notes.cell");
    roll_back(t, "split/notes.cell");
}
