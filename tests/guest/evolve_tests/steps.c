/* Swaps of one cell and of three, in which one step after another fails. Nothing has changed then, and the system goes on.
 * Each allocation for want of memory, also on the way back from a version whose start() fails; each function of each of the
 * cells. */
#include "../load_tests/hoard.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"
#include "tray.h"
#include "versions.h"

#define SINGLES 600u /* frames that are given back one by one */
#define SURE 4u      /* tries with more memory, after one that got as far as start() */
#define AT_ONCE 4u   /* frames, while the reason stays the same */

/* What is swapped, and what becomes of it when there is memory. */
struct wish {
    const char *old[3];
    struct wanted wanted[3];
    unsigned count;
    enum status end;
};

struct images {
    uint8_t *bytes[3];
    struct swap_order order;
};

static bool images_make(struct test_run *t, struct images *images, const struct wish *wish)
{
    memset(images, 0, sizeof *images);
    images->order.count = wish->count;
    for (unsigned i = 0; i < wish->count; i++) {
        struct swap_pair *pair = &images->order.pairs[i];

        if (!CHECK(t, version_image(&wish->wanted[i], &images->bytes[i], &pair->bytes), "%s", wish->wanted[i].file))
            return false;
        pair->old = pair->new = wish->old[i];
        pair->image = images->bytes[i];
    }
    return true;
}

static void images_drop(struct images *images)
{
    for (unsigned i = 0; i < images->order.count; i++)
        version_image_drop(images->bytes[i]);
}

/* @return how it ended; ERR_NOMEM, too, when it could not be asked for. */
static enum status ask(const struct images *images, struct swap_report *report) REQUIRES(may_park);
static enum status ask(const struct images *images, struct swap_report *report)
{
    OWN(swap_request) request = {0};

    if (!cells_swap(&request, &images->order, &report->why))
        return ERR_NOMEM;
    return swap_wait(&request, report) == OK ? report->status : ERR_INVALID;
}

/* One try. @return how it ended. */
static enum status attempt(struct test_run *t, const struct wish *wish, const struct images *images, struct why *last, unsigned *stages)
    REQUIRES(may_park);
static enum status attempt(struct test_run *t, const struct wish *wish, const struct images *images, struct why *last, unsigned *stages)
{
    struct swap_report report;
    struct snapshot before;
    enum status status;

    report.done = false;
    report.why.text[0] = '\0';
    snapshot_take(&before);
    status = ask(images, &report);
    if (status == OK)
        return OK;
    snapshot_check(t, &before, report.why.text);
    CHECK(t, !report.done && (status == ERR_NOMEM || status == wish->end), "%s: %s", status_name(status), report.why.text);
    *stages += strcmp(last->text, report.why.text) != 0;
    string_copy(last->text, sizeof last->text, report.why.text);
    return status;
}

/* One more frame is there at each try, or some, until it ends as it shall. */
static void starve(struct test_run *t, const struct wish *wish) REQUIRES(may_park);
static void starve(struct test_run *t, const struct wish *wish)
{
    struct hoard singles = {0}, rest = {0};
    unsigned stages = 0, refused = 0, sure = 0, before;
    enum status status = ERR_NOMEM;
    struct images images;
    struct slots slots;
    struct why last;

    last.text[0] = '\0';
    if (!images_make(t, &images, wish))
        return;
    slots_note(&slots);
    hoard_take_all(&singles, SINGLES, &rest);
    slots_take(&slots);
    CHECK(t, !slots.too_many, "more than %u kinds", KINDS);
    while (status != OK && sure < SURE && singles.blocks) {
        before = stages;
        status = attempt(t, wish, &images, &last, &stages);
        refused += status == ERR_NOMEM;
        sure += status == wish->end;
        for (unsigned i = 0; i < (stages == before ? AT_ONCE : 1); i++)
            hoard_give(&singles);
    }
    slots_give(&slots);
    while (hoard_give(&singles) || hoard_give(&rest))
        continue;
    images_drop(&images);
    CHECK(t, status == wish->end, "with %u frames: %s", SINGLES, status_name(status));
    CHECK(t, refused >= 4, "refused only %u times", refused);
    CHECK(t, stages >= 2, "all for the same reason: %s", last.text); /* which ones depends on where free frames lie */
}

TEST(evolve, any_lack_of_memory_for_a_migration_changes_nothing)
{
    static const struct wish wish = {
        {"notes"}, {{.file = "wider/notes.cell"}}, 1, OK};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    starve(t, &wish);
    CHECK(t, notes_version() == 2, "version %u serves", notes_version());
    crop_check(t, &crop);
    crop_drop(&crop);
    notes_begin(t);
}

/* These are loaded from where the archive has them, so the first thing that they need is small. */
TEST(evolve, any_lack_of_memory_for_a_version_changes_nothing)
{
    static const struct wish one = {{"notes"}, {{.file = "notes.cell"}}, 1, OK};
    static const struct wish three = {{"border", "border_user", "notes"},
                                      {{.file = "border.cell"}, {.file = "border_user.cell"}, {.file = "notes.cell"}},
                                      3, OK};

    if (!notes_begin(t))
        return;
    starve(t, &one);
    starve(t, &three);
}

TEST(evolve, any_lack_of_memory_for_bodies_changes_nothing)
{
    static const struct wish wish = {{"notes"}, {{.file = "split/notes.cell"}}, 1, OK};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    starve(t, &wish);
    CHECK(t, notes_version() == 3, "version %u serves", notes_version());
    crop_check(t, &crop);
    crop_drop(&crop);
    notes_begin(t);
}

/* What the way back needs was taken for the way there. */
TEST(evolve, lack_of_memory_does_not_stand_in_the_way_back)
{
    static const struct wish wish = {
        {"notes"}, {{.file = "wider/notes.cell", .plan = NOTES_START_FAILS}}, 1, ERR_INIT};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    starve(t, &wish);
    CHECK(t, notes_version() == 1, "version %u serves", notes_version());
    crop_check(t, &crop);
    crop_drop(&crop);
}

/* Takes all memory that there is when the second version serves, and whenever some is given back. */
struct thief {
    struct hoard taken;
    uint32_t stop; /* atomic */
};

static int steal(void *argument)
{
    struct thief *thief = argument;

    role_assert_may_park();
    while (!__atomic_load_n(&thief->stop, __ATOMIC_ACQUIRE)) {
        if (thief->taken.blocks || notes_version() == 2)
            hoard_take_all(&thief->taken, 0, &thief->taken);
        task_yield();
    }
    return 0;
}

static void fail_while_memory_goes(struct test_run *t, struct thief *thief) REQUIRES(may_park);
static void fail_while_memory_goes(struct test_run *t, struct thief *thief)
{
    const struct wanted wanted = {.file = "wider/notes.cell", .plan = NOTES_START_FAILS_LATE};
    OWN(task_handle) handle = {0};
    struct swap_report report;
    enum status status;

    if (!task_spawn(&handle, "thief", steal, thief)) {
        CHECK(t, false, "no memory");
        return;
    }
    status = version_swap("notes", &wanted, &report);
    __atomic_store_n(&thief->stop, 1, __ATOMIC_RELEASE);
    CHECK(t, task_join(&handle, NULL) == OK && thief->taken.blocks > 0, "no memory was taken");
    CHECK(t, status == ERR_INIT && !report.done, "%s: %s", status_name(status), report.why.text);
}

TEST(evolve, memory_for_the_way_back_is_not_given_to_others)
{
    struct thief thief = {0};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    fail_while_memory_goes(t, &thief);
    while (hoard_give(&thief.taken))
        continue;
    CHECK(t, notes_version() == 1, "version %u serves", notes_version());
    crop_check(t, &crop);
    crop_drop(&crop);
}

static void take_all(struct test_run *t, const struct wish *wish) REQUIRES(may_park);
static void take_all(struct test_run *t, const struct wish *wish)
{
    struct swap_report report;
    struct images images;

    report.why.text[0] = '\0';
    if (!images_make(t, &images, wish))
        return;
    CHECK(t, ask(&images, &report) == OK, "%s: %s", wish->wanted[0].file, report.why.text);
    images_drop(&images);
}

TEST(evolve, any_lack_of_memory_for_three_cells_changes_nothing)
{
    static const struct wish wish = {{"border", "border_user", "notes"},
                                     {{.file = "member/border.cell"}, {.file = "member/border_user.cell"}, {.file = "wider/notes.cell"}},
                                     3, OK};
    static const struct wish back = {{"border", "border_user", "notes"},
                                     {{.file = "border.cell"}, {.file = "border_user.cell"}, {.file = "notes.cell"}},
                                     3, OK};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    starve(t, &wish);
    CHECK(t, notes_version() == 2, "version %u serves", notes_version());
    crop_check(t, &crop);
    take_all(t, &back);
    crop_check(t, &crop);
    crop_drop(&crop);
}

/* --- functions of one of three cells --- */

#define NOTES 10u

/* What goes wrong in which cell, and how the swap ends. */
static const struct wrong {
    const char *cell;
    uint32_t plan, step;
    enum status end;
} wrongs[] = {
    {"notes", NOTES_FAILS, 0, ERR_IO},
    {"notes", NOTES_FAILS, NOTES, ERR_IO},
    {"notes", NOTES_SAYS_AGAIN, NOTES, ERR_INVALID},
    {"notes", NOTES_FAULTS, 0, ERR_FAULT},
    {"notes", NOTES_FAULTS, NOTES, ERR_FAULT},
    {"notes", NOTES_LOOPS, NOTES, ERR_TIMEOUT},
    {"notes", NOTES_WAITS_FOR_A_LOCK, NOTES, ERR_FAULT},
    {"notes", NOTES_START_FAILS, 0, ERR_INIT},
    {"tray", TRAY_INIT_FAILS, 0, ERR_INIT},
    {"tray", TRAY_INIT_FAULTS, 0, ERR_FAULT},
    {"tray", TRAY_START_FAILS, 0, ERR_INIT},
    {"tray", TRAY_START_FAULTS, 0, ERR_FAULT},
};

static struct wanted wanted_of(const char *cell, const struct wrong *wrong)
{
    bool is_wrong = strcmp(cell, wrong->cell) == 0;

    return (struct wanted){.file = strcmp(cell, "notes") == 0  ? "wider/notes.cell"
                                   : strcmp(cell, "tray") == 0 ? "wide/tray.cell"
                                                               : "border.cell",
                           .plan = is_wrong ? wrong->plan : 0,
                           .step = is_wrong ? wrong->step : 0};
}

static void go_wrong(struct test_run *t, const char *const order[3], const struct wrong *wrong) REQUIRES(may_park);
static void go_wrong(struct test_run *t, const char *const order[3], const struct wrong *wrong)
{
    struct wish wish = {.count = 3, .end = wrong->end};
    unsigned stages = 0;
    struct images images;
    enum status status;
    struct why last;

    last.text[0] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        wish.old[i] = order[i];
        wish.wanted[i] = wanted_of(order[i], wrong);
    }
    if (!images_make(t, &images, &wish))
        return;
    status = attempt(t, &wish, &images, &last, &stages);
    CHECK(t, status == wrong->end, "%s first, %s %u: %s", order[0], wrong->cell, wrong->plan, status_name(status));
    images_drop(&images);
}

TEST(evolve, whichever_of_three_cells_fails_nothing_changes)
{
    static const char *const orders[][3] = {{"border", "notes", "tray"}, {"tray", "notes", "border"}, {"notes", "tray", "border"}};
    struct tray_sums sums;
    struct crop crop;

    if (!notes_begin(t) || !CHECK(t, tray_version() == 1, "another version serves") || !crop_make(t, &crop, NOTES))
        return;
    for (unsigned i = 1; i <= NOTES; i++)
        CHECK(t, tray_put(i) == 1, "%u is not accepted", i);
    for (unsigned i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        for (unsigned j = 0; j < sizeof wrongs / sizeof wrongs[0]; j++)
            go_wrong(t, orders[i], &wrongs[j]);
    }
    CHECK(t, notes_version() == 1 && tray_version() == 1, "versions %u and %u serve", notes_version(), tray_version());
    crop_check(t, &crop);
    crop_drop(&crop);
    tray_clear(&sums);
    CHECK(t, sums.count == NOTES && sums.sum == NOTES * (NOTES + 1) / 2 && !sums.damaged, "%lu values, in all %lu, %lu damaged",
          sums.count, sums.sum, sums.damaged);
}
