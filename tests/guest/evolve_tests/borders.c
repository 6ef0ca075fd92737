/* Interfaces that change. Their users would call by what is no more, so a swap without them is refused, and what differs is
 * named; with them it goes. This cell must not use border itself. */
#include "border.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/string.h"
#include "versions.h"

/* Both cells in one swap, from the folder @p folder of the archive ("": from none). */
static bool order_make(struct test_run *t, const char *folder, struct swap_order *order)
{
    static const char names[][16] = {"border", "border_user"};
    char file[40];
    bool both = true;

    memset(order, 0, sizeof *order);
    order->count = 2;
    for (unsigned i = 0; i < 2; i++) {
        struct swap_pair *pair = &order->pairs[i];

        pair->old = pair->new = names[i];
        format(file, sizeof file, "%s%s.cell", folder, names[i]);
        both &= CHECK(t, archive_get(file, 0, &(const char *){0}, &pair->image, &pair->bytes), "no file %s", file);
    }
    return both;
}

static void take_both(struct test_run *t, const char *folder) REQUIRES(may_park);
static void take_both(struct test_run *t, const char *folder)
{
    struct swap_order order;
    struct swap_report report;

    memset(&report, 0, sizeof report);
    if (!order_make(t, folder, &order))
        return;
    CHECK(t, order_wait(&order, &report) == OK && report.done, "%s: %s", folder, report.why.text);
    CHECK(t, border_user_works(), "%s: wrong answers", folder);
}

/* The border of @p folder is refused with @p texts, and taken with its user, there and back. */
static void change(struct test_run *t, const char *folder, const char *const *texts) REQUIRES(may_park);
static void change(struct test_run *t, const char *folder, const char *const *texts)
{
    char file[40];
    const struct wanted wanted = {.file = file};
    struct swap_report report;

    format(file, sizeof file, "%sborder.cell", folder);
    version_refuse(t, "border", &wanted, ERR_LINK, texts, &report);
    CHECK(t, border_user_works(), "wrong answers");
    take_both(t, folder);
    take_both(t, "");
}

TEST(evolve, changed_parameter_needs_its_users)
{
    change(t, "parameter/",
           TEXTS("border_user: border_scale()", "function border_scale: parameter 2: uint32_t -> uint64_t"));
}

TEST(evolve, changed_struct_behind_pointers_needs_its_users)
{
    change(t, "member/",
           TEXTS("border_user: border_total()",
                 "function border_total: struct border_item: member amount: uint32_t -> uint64_t"));
}

TEST(evolve, renumbered_enumerators_need_their_users)
{
    change(t, "enumerator/",
           TEXTS("border_user: border_fold()", "function border_fold: enum border_mode: enumerator BORDER_SUM: 0 -> 1"));
}

TEST(evolve, removed_function_needs_its_users)
{
    change(t, "removed/", TEXTS("border_user: needs border_scale()", "which border 1.0 lacks"));
}

/* The same of a cell that is loaded, or comes for its user without what it uses. */
TEST(evolve, user_of_another_prototype_is_refused)
{
    const struct wanted wanted = {.file = "parameter/border_user.cell"};
    struct swap_report report;

    version_refuse(t, "border_user", &wanted, ERR_LINK,
                   TEXTS("border_user: border_scale() of border",
                         "function border_scale: parameter 2: uint64_t -> uint32_t"),
                   &report);
}
