/* How a probation ends (docs/evolution.md), and that none does while somebody holds recovery. */
#include "cell.h"
#include "clock.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "recovery.h"
#include "shaky.h"
#include "swap.h"
#include "swap_log.h"
#include "task.h"
#include "test.h"

#define MS 1000000u
#define PROBATION_MS 100u
#define LIMIT_MS 20000u
#define TRIES 20u

/* Not inlined, as clearing is not within a function that has a handle. */
static __attribute__((noinline)) void order_begin(struct swap_order *order, enum swap_action action,
                                                  struct swap_report *report)
{
    memset(order, 0, sizeof *order);
    memset(report, 0, sizeof *report);
    order->action = action;
    order->count = 1;
    order->probation = true;
    order->pairs[0].old = order->pairs[0].new = "shaky";
}

static enum status act(enum swap_action action, struct swap_report *report) REQUIRES(may_park);
static enum status act(enum swap_action action, struct swap_report *report)
{
    OWN(swap_request) request = {0};
    struct swap_order order;
    enum status status;

    order_begin(&order, action, report);
    if (!cells_swap(&request, &order, &report->why))
        return ERR_NOMEM;
    status = swap_wait(&request, report);
    return status == OK ? report->status : status;
}

static bool begin_probation(struct test_run *t, struct swap_report *report) REQUIRES(may_park);
static bool begin_probation(struct test_run *t, struct swap_report *report)
{
    return CHECK(t, act(SWAP_REPLACE, report) == OK && report->probation, "%s: %s",
                 status_name(report->status), report->why.text);
}

/* Until the probation that @p report began should have been over for long. */
static void wait_past(const struct swap_report *report) REQUIRES(may_park);
static void wait_past(const struct swap_report *report)
{
    while (hart_ticks() - report->ticks < 3 * PROBATION_MS * machine_timebase() / 1000)
        clock_sleep(MS);
}

/* What ended the probation that swap number @p number began: SWAP_REPLACE, when nothing has. */
static enum swap_action what_ended(uint64_t number)
{
    struct swap_report later;

    for (unsigned i = 0; swap_get(i, &later) && later.number > number; i++) {
        if (later.done && strcmp(later.cells[0].old, "shaky") == 0)
            return later.action;
    }
    return SWAP_REPLACE;
}

/* Waits for that. */
static enum swap_action await_end(uint64_t number) REQUIRES(may_park);
static enum swap_action await_end(uint64_t number)
{
    enum swap_action action = SWAP_REPLACE;

    for (unsigned ms = 0; ms < LIMIT_MS && action == SWAP_REPLACE; ms++) {
        clock_sleep(MS);
        action = what_ended(number);
    }
    return action;
}

static int do_fault(void *trouble)
{
    role_assert_may_park();
    shaky_fault((enum shaky_trouble)(uint64_t)trouble);
    return 0;
}

/* With SHAKY_SICK its check() fails from then on. */
static void fault(struct test_run *t, enum shaky_trouble trouble) REQUIRES(may_park);
static void fault(struct test_run *t, enum shaky_trouble trouble)
{
    OWN(task_handle) task = {0};

    if (!task_spawn(&task, "client", do_fault, (void *)(uint64_t)trouble)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, NULL) == ERR_FAULT, "the client ended well");
}

/* start() makes shaky well. */
static void mend(struct test_run *t) REQUIRES(may_park);
static void mend(struct test_run *t)
{
    struct swap_report report;

    if (begin_probation(t, &report))
        (void)act(SWAP_FOR_GOOD, &report);
}

TEST(recovery, version_that_stands_its_probation_stays)
{
    struct swap_report report;

    if (begin_probation(t, &report))
        CHECK(t, await_end(report.number) == SWAP_FOR_GOOD, "it has not ended well");
}

/* Its check() finds nothing. On a machine that is busy elsewhere the probation may be over before the fault. */
TEST(recovery, fault_on_probation_brings_the_version_before_back)
{
    enum swap_action action = SWAP_FOR_GOOD;
    struct swap_report report;

    for (unsigned tries = 0; tries < TRIES && action == SWAP_FOR_GOOD; tries++) {
        if (!begin_probation(t, &report))
            return;
        fault(t, SHAKY_WELL);
        action = await_end(report.number);
    }
    CHECK(t, action == SWAP_ROLLBACK, "what ended it was %d", (int)action);
}

TEST(recovery, hold_keeps_probation_from_ending)
{
    OWN(recovery_hold) hold = {0};
    struct swap_report report, back;

    recovery_hold_begin(&hold);
    if (begin_probation(t, &report)) {
        fault(t, SHAKY_SICK);
        wait_past(&report);
        CHECK(t, what_ended(report.number) == SWAP_REPLACE, "it has ended");
        CHECK(t, act(SWAP_ROLLBACK, &back) == OK, "%s", back.why.text);
    }
    recovery_hold_end(&hold);
    mend(t);
}

TEST(recovery, probation_ends_behind_the_hold)
{
    OWN(recovery_hold) hold = {0};
    struct swap_report report;
    bool begun;

    recovery_hold_begin(&hold);
    begun = begin_probation(t, &report);
    if (begun)
        wait_past(&report);
    recovery_hold_end(&hold);
    if (begun)
        CHECK(t, await_end(report.number) == SWAP_FOR_GOOD, "it has not ended well");
}

TEST(recovery, check_that_fails_at_the_end_of_probation_brings_the_version_before_back)
{
    OWN(recovery_hold) hold = {0};
    struct swap_report report;
    bool begun;

    recovery_hold_begin(&hold);
    begun = begin_probation(t, &report);
    if (begun) {
        fault(t, SHAKY_SICK); /* of the fault nobody takes notice */
        wait_past(&report);
    }
    recovery_hold_end(&hold);
    if (begun)
        CHECK(t, await_end(report.number) == SWAP_ROLLBACK, "it has not ended in a rollback");
    mend(t);
}
