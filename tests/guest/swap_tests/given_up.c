/* Requests: such as nobody waits for the end of, before their turn and after it has come; and several at once. */
#include "clock.h"
#include "snapshot.h"
#include "swap.h"
#include "swap_log.h"
#include "swaps.h"

/* Waits until the last swap that was asked for has begun, or is over. */
static struct swap_report last_when(bool over) REQUIRES(may_park);
static struct swap_report last_when(bool over)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;
    struct swap_report report;

    while (swap_get(0, &report) && !(over ? report.status != AGAIN : report.begun) &&
           clock_now_ns() < limit)
        clock_sleep(MS / 4);
    return report;
}

/* With @p image the copy of it, too, goes. @return whether the second was taken back. */
static bool second_given_up(struct test_run *t, const struct image *image) REQUIRES(may_park);
static bool second_given_up(struct test_run *t, const struct image *image)
{
    OWN(swap_request) first = {0};
    OWN(swap_request) second = {0};
    struct swap_report report;
    bool back;

    if (!cell_swap(&first, "victim", "victim", NULL, 0, true, NULL))
        return false;
    if (!cell_swap(&second, "victim", "victim", image->bytes, image->length, true, NULL)) {
        swap_drop(&first);
        return false;
    }
    back = swap_drop(&second);
    CHECK(t, swap_get(0, &report) && (report.status == ERR_CANCELLED) == back, "%s",
          status_name(report.status));
    CHECK(t, swap_wait(&first, &report) == OK && report.status == OK, "%s", report.why.text);
    (void)last_when(true);
    return back;
}

TEST(swap, request_that_is_taken_back_leaves_nothing)
{
    struct snapshot before;
    struct image image;

    if (!swap_victim(t) || !image_copy(t, &image, "victim"))
        return;
    snapshot_take(&before);
    CHECK(t, second_given_up(t, &image), "it began beside the first, or there was no memory");
    snapshot_check_memory(t, &before, "after one that was taken back");
    image_free(&image);
}

TEST(swap, request_that_nobody_waits_for_leaves_nothing)
{
    OWN(swap_request) request = {0};
    struct swap_report report;
    struct snapshot before;

    if (!swap_victim(t))
        return;
    snapshot_take(&before);
    if (!cell_swap(&request, "victim", "victim", NULL, 0, true, NULL))
        return;
    report = last_when(false);
    CHECK(t, !swap_drop(&request) && report.begun, "it is taken back after it has begun");
    report = last_when(true);
    CHECK(t, report.status == OK && report.dry_run, "%s", report.why.text);
    snapshot_check_memory(t, &before, "after one that nobody waited for");
}

/* What is asked for meanwhile waits in the state that goes over. */
TEST(swap, queue_of_swaps_is_replaced_while_requests_wait)
{
    OWN(swap_request) first = {0};
    OWN(swap_request) second = {0};
    OWN(swap_request) third = {0};
    struct swap_report reports[3];
    struct snapshot before;

    if (!swap_victim(t) || !swap_good(t, "swaps", "swaps", NULL))
        return;
    snapshot_take(&before);
    if (!cell_swap(&first, "swaps", "swaps", NULL, 0, false, NULL))
        return;
    if (!cell_swap(&second, "victim", "victim", NULL, 0, true, NULL)) {
        swap_drop(&first);
        return;
    }
    if (!cell_swap(&third, "swaps", "swaps", NULL, 0, false, NULL)) {
        swap_drop(&first);
        swap_drop(&second);
        return;
    }
    CHECK(t, swap_wait(&third, &reports[2]) == OK && reports[2].done, "third: %s", reports[2].why.text);
    CHECK(t, swap_wait(&second, &reports[1]) == OK && reports[1].dry_run && reports[1].status == OK, "second: %s",
          reports[1].why.text);
    CHECK(t, swap_wait(&first, &reports[0]) == OK && reports[0].done, "first: %s", reports[0].why.text);
    CHECK(t, reports[1].number == reports[0].number + 1 && reports[2].number == reports[0].number + 2,
          "%lu, %lu, %lu", reports[0].number, reports[1].number, reports[2].number);
    snapshot_check_memory(t, &before, "after three");
}
