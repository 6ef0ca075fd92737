/* Versions that go wrong after they were taken, while they are on probation: the version before serves again soon, with all that
 * was accepted since; and how a probation ends otherwise. */
#include "clock.h"
#include "console.h"
#include "faults.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/records.h"
#include "swap_log.h"
#include "trays.h"

#define MS 1000000u
#define WAIT_MS 20000u
#define PROBATION_MS 100u
#define SOON_MS 10u

static uint64_t in_ticks(unsigned ms)
{
    return machine_timebase() / 1000 * ms;
}

/* How the probation of swap number @p number ended: waits for it. @return false: it does not end. */
static bool probation_await(struct test_run *t, uint64_t number, struct swap_report *end) REQUIRES(may_park);
static bool probation_await(struct test_run *t, uint64_t number, struct swap_report *end)
{
    for (unsigned ms = 0; ms < WAIT_MS; ms++) {
        for (unsigned i = 0; swap_get(i, end) && end->number > number; i++) {
            if (end->done && end->action != SWAP_REPLACE)
                return true;
        }
        clock_sleep(MS);
    }
    return CHECK(t, false, "the probation of swap %lu does not end", number);
}

static bool take_on_probation(struct test_run *t, const struct wanted *wanted, struct swap_report *report)
    REQUIRES(may_park);
static bool take_on_probation(struct test_run *t, const struct wanted *wanted, struct swap_report *report)
{
    enum status status = version_swap("tray", wanted, report);

    return CHECK(t, status == OK && report->done && report->probation, "%s: %s: %s", wanted->file, status_name(status),
                 report->why.text);
}

/* From @p since, when it went wrong, to when the first version served again. */
static void check_soon(struct test_run *t, const struct wanted *wanted, uint64_t since, uint64_t until)
{
    CHECK(t, until - since < in_ticks(SOON_MS) || !time_is_counted(), "%s, plan %u, %lu: the old version serves after %lu us",
          wanted->file, wanted->plan, wanted->step, (until - since) * 1000 / in_ticks(1));
}

/* --- a call that faults --- */

/* What is done about a fault is noted with it a moment later. @return false: it is not kept. */
static bool action_await(uint64_t number, struct fault *fault) REQUIRES(may_park);
static bool action_await(uint64_t number, struct fault *fault)
{
    for (unsigned ms = 0; ms < WAIT_MS && (!fault_get(number, fault) || !fault->action[0]); ms++)
        clock_sleep(MS);
    return fault_get(number, fault);
}

/* What the log and the fault's record say. @return its ticks. */
static uint64_t check_fault(struct test_run *t, uint64_t number, uint64_t from) REQUIRES(may_park);
static uint64_t check_fault(struct test_run *t, uint64_t number, uint64_t from)
{
    static const char done[] = "on probation, so tray 1.0 serves again";
    struct fault fault;
    char line[64];

    format(line, sizeof line, "recovery: tray: fault %lu: ", number);
    CHECK(t, log_await(from, TEXTS("(tray:tray_put+", line, done)), "the log does not tell it");
    if (!CHECK(t, action_await(number, &fault), "fault %lu is not kept", number))
        return 0;
    CHECK(t, strcmp(fault.cell, "tray") == 0 && strcmp(fault.action, done) == 0, "%s: \"%s\"", fault.cell, fault.action);
    return fault.ticks;
}

/* The fault ended one of the putters; the other one went on. */
static void check_putters(struct test_run *t, const struct putter putters[2], uint64_t call)
{
    bool first = putters[0].end == ERR_FAULT, second = putters[1].end == ERR_FAULT;

    CHECK(t, first != second && putters[first ? 1 : 0].end == OK, "the putters ended: %s, %s",
          status_name(putters[0].end), status_name(putters[1].end));
    CHECK(t, putters[0].second + putters[1].second >= call - 1, "call %lu was not reached", call);
    CHECK(t, tray_version() == 1, "version %u serves", tray_version());
}

/* A fault in time is not overlooked. @return whether the probation ended by a rollback, @p end. */
static bool is_rolled_back(struct test_run *t, uint64_t number, const struct swap_report *report,
                           struct swap_report *end) REQUIRES(may_park);
static bool is_rolled_back(struct test_run *t, uint64_t number, const struct swap_report *report,
                           struct swap_report *end)
{
    struct fault fault;

    if (!probation_await(t, report->number, end))
        return false;
    if (end->action == SWAP_ROLLBACK)
        return true;
    if (fault_get(number, &fault))
        CHECK(t, fault.ticks > report->ticks + in_ticks(PROBATION_MS), "a fault %ld us after the swap, and no rollback",
              (int64_t)(fault.ticks - report->ticks) * 1000 / (int64_t)in_ticks(1));
    print("# the probation was over before the fault\n");
    return false;
}

static void fault_at(struct test_run *t, const char *file, enum tray_plan plan, uint64_t call) REQUIRES(may_park);
static void fault_at(struct test_run *t, const char *file, enum tray_plan plan, uint64_t call)
{
    const struct wanted wanted = {.file = file, .plan = plan, .step = call, .probation = true};
    uint64_t from = log_end(), number = fault_count() + 1, ticks;
    struct swap_report report, end;
    struct putter putters[2] = {0};
    bool rolled_back = false;

    if (!tray_begin(t) || !putter_start(t, &putters[0], false))
        return;
    putter_await_first(t, &putters[0]);
    if (take_on_probation(t, &wanted, &report) && putter_start(t, &putters[1], true)) {
        rolled_back = is_rolled_back(t, number, &report, &end);
        putter_stop(&putters[1]);
        ticks = rolled_back ? check_fault(t, number, from) : 0;
        if (rolled_back && plan == TRAY_CALL_FAULTS)
            check_soon(t, &wanted, ticks, end.ticks);
    }
    putter_stop(&putters[0]);
    if (rolled_back)
        check_putters(t, putters, call);
    tray_check(t, putters, 2);
}

TEST(evolve, old_version_serves_soon_after_a_call_faults)
{
    const uint64_t calls[] = {1, 2, 900};

    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        fault_at(t, "same_layout/tray.cell", TRAY_CALL_FAULTS, calls[i]);
        fault_at(t, "wide/tray.cell", TRAY_CALL_FAULTS, calls[i]);
    }
}

/* It serves already, and its start() is not over. */
TEST(evolve, fault_before_the_swap_is_over_is_not_overlooked)
{
    fault_at(t, "same_layout/tray.cell", TRAY_CALL_FAULTS_EARLY, 1);
    fault_at(t, "wide/tray.cell", TRAY_CALL_FAULTS_EARLY, 2);
}

/* --- a check() that fails at the end --- */

static void fail_check(struct test_run *t, const char *file, enum tray_plan plan) REQUIRES(may_park);
static void fail_check(struct test_run *t, const char *file, enum tray_plan plan)
{
    const struct wanted wanted = {.file = file, .plan = plan, .probation = true};
    struct swap_report report, end;
    struct putter putter;
    uint64_t from = log_end();
    char line[64];

    if (!tray_begin(t) || !putter_start(t, &putter, false))
        return;
    if (take_on_probation(t, &wanted, &report) && probation_await(t, report.number, &end)) {
        CHECK(t, end.action == SWAP_ROLLBACK && tray_version() == 1, "version %u serves", tray_version());
        CHECK(t, end.ticks - report.ticks >= in_ticks(PROBATION_MS), "its time was not over");
        check_soon(t, &wanted, report.ticks + in_ticks(PROBATION_MS), end.ticks);
        format(line, sizeof line, "tray: its check() fails after swap %lu: rolled back", report.number);
        CHECK(t, log_await(from, TEXTS(line)), "the log lacks: %s", line);
    }
    putter_await_first(t, &putter);
    putter_stop(&putter);
    CHECK(t, putter.end == OK && putter.second > 0, "%s, %lu", status_name(putter.end), putter.second);
    tray_check(t, &putter, 1);
}

TEST(evolve, old_version_serves_soon_after_a_check_fails)
{
    fail_check(t, "same_layout/tray.cell", TRAY_CHECK_FAILS);
    fail_check(t, "wide/tray.cell", TRAY_CHECK_FAILS);
    fail_check(t, "wide/tray.cell", TRAY_CHECK_FAULTS);
}

/* --- without a way back --- */

/* It is said before anything is done; the fault is then one as of any other cell. */
TEST(evolve, without_a_way_back_there_is_no_probation)
{
    const struct wanted wanted = {
        .file = "wide_one_way/tray.cell", .plan = TRAY_CALL_FAULTS, .step = 2, .probation = true};
    uint64_t from = log_end(), number = fault_count() + 1;
    struct swap_report report;
    struct putter putters[2] = {0};
    struct fault fault;

    if (!tray_begin(t) || !putter_start(t, &putters[0], false))
        return;
    putter_await_first(t, &putters[0]);
    CHECK(t, version_swap("tray", &wanted, &report) == OK && report.done && !report.probation, "%s", report.why.text);
    CHECK(t, log_await(from, TEXTS("swap: tray 4.0 will not be on probation: there is no way back for its state")),
          "the log does not say it");
    if (putter_start(t, &putters[1], true)) {
        CHECK(t, action_await(number, &fault) && strcmp(fault.action, "its check() finds nothing") == 0, "\"%s\"", fault.action);
        putter_stop(&putters[1]);
    }
    CHECK(t, tray_version() == 4, "version %u serves", tray_version());
    CHECK(t, version_order(SWAP_ROLLBACK, "tray", &report) == ERR_NOT_FOUND, "%s", status_name(report.status));
    putter_stop(&putters[0]);
    tray_check(t, putters, 2);
    tray_begin(t);
}

/* --- other ends --- */

static bool count_tray(const struct cell *cell, void *argument)
{
    *(unsigned *)argument += strcmp(cell->manifest.name, "tray") == 0;
    return true;
}

/* Versions of the tray that have memory. */
static unsigned trays(void)
{
    unsigned count = 0;

    cells_visit(count_tray, &count);
    return count;
}

TEST(evolve, old_version_goes_when_its_time_is_over)
{
    const struct wanted wanted = {.file = "wide/tray.cell", .probation = true};
    struct swap_report report, end;
    struct snapshot before;
    struct putter putter;
    uint64_t now;

    if (!tray_begin(t))
        return;
    snapshot_take(&before);
    if (!putter_start(t, &putter, false))
        return;
    if (take_on_probation(t, &wanted, &report)) {
        CHECK(t, trays() == 2, "%u versions are there", trays());
        if (probation_await(t, report.number, &end)) {
            now = hart_ticks();
            CHECK(t, end.action == SWAP_FOR_GOOD && now - report.ticks >= in_ticks(PROBATION_MS), "too soon");
            check_soon(t, &wanted, report.ticks + in_ticks(PROBATION_MS), now);
        }
        CHECK(t, tray_version() == 3, "version %u serves", tray_version());
        CHECK(t, version_order(SWAP_ROLLBACK, "tray", &report) == ERR_NOT_FOUND, "%s", status_name(report.status));
    }
    putter_stop(&putter);
    tray_check(t, &putter, 1);
    cells_drain();
    CHECK(t, trays() == 1, "%u versions are there", trays());
    if (tray_begin(t))
        snapshot_check_memory(t, &before, "after a probation");
}

/* Takes a version on probation and ends that by @p action. @return false: it was over before. */
static bool end_by_hand(struct test_run *t, enum swap_action action) REQUIRES(may_park);
static bool end_by_hand(struct test_run *t, enum swap_action action)
{
    const struct wanted wanted = {.file = "wide/tray.cell", .probation = true};
    unsigned (*volatile pointer)(void) = tray_version; /* it leads to who serves, as calls do */
    unsigned version = action == SWAP_ROLLBACK ? 1 : 3;
    struct swap_report report, end;
    struct putter putter;
    bool in_time = true;

    if (!tray_begin(t) || !putter_start(t, &putter, false))
        return true;
    if (take_on_probation(t, &wanted, &report)) {
        in_time = version_order(action, "tray", &end) != ERR_NOT_FOUND;
        CHECK(t, !in_time || (end.done && tray_version() == version && pointer() == version), "%s; version %u serves", end.why.text,
              tray_version());
        CHECK(t, version_order(SWAP_ROLLBACK, "tray", &end) == ERR_NOT_FOUND &&
                     version_order(SWAP_FOR_GOOD, "tray", &end) == ERR_NOT_FOUND,
              "the probation is not over");
    }
    putter_stop(&putter);
    tray_check(t, &putter, 1);
    return in_time;
}

TEST(evolve, probation_is_ended_by_hand)
{
    const enum swap_action actions[] = {SWAP_ROLLBACK, SWAP_FOR_GOOD};
    struct snapshot before;

    if (!tray_begin(t))
        return;
    snapshot_take(&before);
    for (unsigned i = 0; i < 2; i++) {
        if (!end_by_hand(t, actions[i]))
            print("# the probation was over before its end by hand\n");
        if (tray_begin(t))
            snapshot_check_memory(t, &before, "after a probation");
    }
}
