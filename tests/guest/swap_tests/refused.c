/* New versions that fail on their way in: nothing has changed. What fails its range check cannot be made
 * here: all RAM lies within the reach of a call (tests/host/test_link.c has the check). */
#include "nucleus/string.h"
#include "snapshot.h"
#include "swaps.h"

/* Has a copy of victim's object, with @p plan, refused. */
static void refuse_planned(struct test_run *t, uint64_t plan, enum status status,
                           const char *const *why) REQUIRES(may_park);
static void refuse_planned(struct test_run *t, uint64_t plan, enum status status,
                           const char *const *why)
{
    struct image image;

    if (!image_of_next(t, &image, plan))
        return;
    swap_bad(t, "victim", "victim", &image, status, why);
    image_free(&image);
}

TEST(swap, object_that_is_none_changes_nothing)
{
    struct image image;

    if (!image_of_next(t, &image, 0))
        return;
    memset(image.bytes, 0x5a, 64);
    swap_bad(t, "victim", "victim", &image, ERR_UNSUPPORTED, TEXTS("victim", "not an ELF file"));
    image_free(&image);
}

TEST(swap, object_that_was_cut_off_changes_nothing)
{
    struct image image;
    size_t length;

    if (!image_of_next(t, &image, 0))
        return;
    length = image.length;
    for (unsigned part = 1; part < 8; part += 2) {
        image.length = length / 8 * part;
        swap_bad(t, "victim", "victim", &image, ERR_FORMAT, TEXTS("victim: "));
    }
    image_free(&image);
}

TEST(swap, cells_that_are_not_there_change_nothing)
{
    swap_bad(t, "nobody", "victim", NULL, ERR_NOT_FOUND, TEXTS("no cell nobody is loaded"));
    swap_bad(t, "victim", "nobody", NULL, ERR_NOT_FOUND, TEXTS("there is no nobody.cell"));
    swap_bad(t, "victim", "swap_caller", NULL, ERR_EXISTS, TEXTS("swap_caller is loaded already"));
    swap_bad(t, "victim", "dep_e", NULL, ERR_UNSUPPORTED, TEXTS("only versions of one cell"));
}

TEST(swap, missing_import_changes_nothing)
{
    struct image image;

    if (!image_copy(t, &image, "swap_caller"))
        return;
    image_rename(t, &image, "victim_answer", "victim_4nswer");
    swap_bad(t, "swap_caller", "swap_caller", &image, ERR_LINK,
             TEXTS("swap_caller", "needs victim_4nswer()"));
    image_free(&image);
}

TEST(swap, init_that_fails_changes_nothing)
{
    refuse_planned(t, VICTIM_INIT_FAILS, ERR_INIT,
                   TEXTS("victim: its init() failed: device error"));
}

TEST(swap, init_that_faults_changes_nothing)
{
    refuse_planned(t, VICTIM_INIT_FAULTS, ERR_FAULT, TEXTS("victim: its init() failed: faulted"));
}

/* By then the new one has served. */
TEST(swap, start_that_fails_is_undone)
{
    refuse_planned(t, VICTIM_START_FAILS, ERR_INIT,
                   TEXTS("victim: its start() failed: device error"));
}

TEST(swap, start_that_faults_is_undone)
{
    refuse_planned(t, VICTIM_START_FAULTS, ERR_FAULT, TEXTS("victim: its start() failed: faulted"));
}

/* What a failure leaves behind must not stand in the way of the next swap. */
TEST(swap, version_that_works_is_taken_after_failures)
{
    for (unsigned i = 0; i < 3; i++) {
        refuse_planned(t, VICTIM_START_FAILS, ERR_INIT, TEXTS("victim: its start() failed"));
        refuse_planned(t, VICTIM_INIT_FAILS, ERR_INIT, TEXTS("victim: its init() failed"));
        if (!swap_victim(t))
            return;
    }
}
