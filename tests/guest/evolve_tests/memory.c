/* Swaps for which there is not enough memory: whichever allocation fails, nothing has changed, and the system goes on. Also
 * on the way back from a version whose start() fails. */
#include "../load_tests/hoard.h"
#include "nucleus/string.h"
#include "text.h"
#include "versions.h"

#define SINGLES 600u /* frames that are given back one by one */
#define SEEN 6u
#define SURE 20u     /* tries with more memory, after one that got as far as start() */

/* What is swapped, and what becomes of it when there is memory. */
struct wish {
    const char *old[3];
    struct wanted wanted[3];
    unsigned count;
    enum status end;
    const char *seen[SEEN]; /* texts of refusals of which each must have come */
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
static enum status attempt(struct test_run *t, const struct wish *wish, const struct images *images, unsigned *seen)
    REQUIRES(may_park);
static enum status attempt(struct test_run *t, const struct wish *wish, const struct images *images, unsigned *seen)
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
    for (unsigned i = 0; i < SEEN && wish->seen[i]; i++)
        seen[i] += strstr(report.why.text, wish->seen[i]) != NULL;
    return status;
}

/* One more frame is there at each try, until it ends as it shall. */
static void starve(struct test_run *t, const struct wish *wish) REQUIRES(may_park);
static void starve(struct test_run *t, const struct wish *wish)
{
    struct hoard singles = {0}, rest = {0};
    unsigned seen[SEEN] = {0}, refused = 0, sure = 0;
    enum status status = ERR_NOMEM;
    struct images images;
    struct slots slots;

    if (!images_make(t, &images, wish))
        return;
    slots_note(&slots);
    hoard_take_all(&singles, SINGLES, &rest);
    slots_take(&slots);
    CHECK(t, !slots.too_many, "more than %u kinds", KINDS);
    while (status != OK && sure < SURE && singles.blocks) {
        status = attempt(t, wish, &images, seen);
        refused += status == ERR_NOMEM;
        sure += status == wish->end;
        hoard_give(&singles);
    }
    slots_give(&slots);
    while (hoard_give(&singles) || hoard_give(&rest))
        continue;
    images_drop(&images);
    CHECK(t, status == wish->end, "with %u frames: %s", SINGLES, status_name(status));
    CHECK(t, refused >= 10, "refused only %u times", refused);
    for (unsigned i = 0; i < SEEN && wish->seen[i]; i++)
        CHECK(t, seen[i], "none was refused with: %s", wish->seen[i]);
}

TEST(evolve, any_lack_of_memory_for_a_migration_changes_nothing)
{
    static const struct wish wish = {
        {"notes"}, {{.file = "wider/notes.cell"}}, 1, OK,
        {"patches", "to plan", "copies of the objects"}};
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
    static const struct wish one = {{"notes"}, {{.file = "notes.cell"}}, 1, OK, {"patches", "to plan"}};
    static const struct wish three = {{"border", "border_user", "notes"},
                                      {{.file = "border.cell"}, {.file = "border_user.cell"}, {.file = "notes.cell"}},
                                      3, OK, {"border: no memory", "border_user: no memory", "notes: no memory", "patches", "to plan"}};

    if (!notes_begin(t))
        return;
    starve(t, &one);
    starve(t, &three);
}

TEST(evolve, any_lack_of_memory_for_bodies_changes_nothing)
{
    static const struct wish wish = {{"notes"}, {{.file = "split/notes.cell"}}, 1, OK, {"copies of the objects"}};
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
        {"notes"}, {{.file = "wider/notes.cell", .plan = NOTES_START_FAILS}}, 1, ERR_INIT, {"copies of the objects"}};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    starve(t, &wish);
    CHECK(t, notes_version() == 1, "version %u serves", notes_version());
    crop_check(t, &crop);
    crop_drop(&crop);
}

TEST(evolve, any_lack_of_memory_for_three_cells_changes_nothing)
{
    static const struct wish wish = {{"border", "border_user", "notes"},
                                     {{.file = "member/border.cell"}, {.file = "member/border_user.cell"}, {.file = "wider/notes.cell"}},
                                     3, OK, {"patches", "to plan", "copies of the objects"}};
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 50))
        return;
    starve(t, &wish);
    CHECK(t, notes_version() == 2, "version %u serves", notes_version());
    crop_check(t, &crop);
    crop_drop(&crop);
    notes_begin(t);
}
