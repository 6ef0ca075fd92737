/* What is done about faults of a service cell, as its clients, the log and the fault's record tell. */
#include "cell.h"
#include "clock.h"
#include "faults.h"
#include "inspect.h"
#include "logs.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "shaky.h"
#include "swap.h"
#include "swap_log.h"
#include "task.h"
#include "test.h"
#include "text.h"
#include "texts.h"
#include "vm.h"

#define MS 1000000u
#define LIMIT_MS 20000u

/* Swaps a cell for the archive's, or for its stand-in. */
static bool swap(struct test_run *t, const char *cell, bool stand_in) REQUIRES(may_park);
static bool swap(struct test_run *t, const char *cell, bool stand_in)
{
    OWN(swap_request) request = {0};
    struct swap_report report;
    struct why why = {0};
    const void *image = NULL;
    const char *name;
    size_t bytes = 0;
    char file[64];

    format(file, sizeof file, "stand_in/%s.cell", cell);
    if (stand_in && !archive_get(file, 0, &name, &image, &bytes))
        return CHECK(t, false, "no %s", file);
    if (!cell_swap(&request, cell, cell, image, bytes, false, &why))
        return CHECK(t, false, "%s", why.text);
    return CHECK(t, swap_wait(&request, &report) == OK && report.status == OK, "%s",
                 report.why.text);
}

/* Each test begins with a version that nobody remembers anything of. */
static bool mend(struct test_run *t) REQUIRES(may_park);
static bool mend(struct test_run *t)
{
    return swap(t, "shaky", false);
}

static bool version_is(const char *version)
{
    struct cell_info info;

    return cell_find("shaky", &info) && strcmp(info.version, version) == 0;
}

static uint64_t last_swap(void)
{
    struct swap_report report;

    return swap_get(0, &report) ? report.number : 0;
}

static int do_fault(void *argument)
{
    role_assert_may_park();
    shaky_fault((enum shaky_trouble)(uint64_t)argument);
    return 0;
}

static int call_pointer(void *function)
{
    role_assert_may_park();
    ((void (*)(void))function)();
    return 0;
}

static int ask_loans(void *unused)
{
    (void)unused;
    role_assert_may_park();
    (void)shaky_loans();
    return 0;
}

/* Runs @p entry in a task that must end by a fault in shaky. @return its number. */
static uint64_t fault_in(struct test_run *t, int (*entry)(void *), void *argument,
                         struct fault *fault) REQUIRES(may_park);
static uint64_t fault_in(struct test_run *t, int (*entry)(void *), void *argument,
                         struct fault *fault)
{
    OWN(task_handle) task = {0};
    uint64_t before = fault_count();
    enum status status;

    fault->cell[0] = fault->note[0] = fault->action[0] = '\0';
    if (!task_spawn(&task, "client", entry, argument))
        return CHECK(t, false, "no memory");
    status = task_join(&task, NULL);
    CHECK(t, status == ERR_FAULT, "the client ended with %d", status);
    CHECK(t, fault_get(before + 1, fault) && strcmp(fault->cell, "shaky") == 0,
          "the fault is %s's", fault->cell);
    return before + 1;
}

/* Waits until something was done about fault number @p number, and looks for @p action. */
static void await_action(struct test_run *t, uint64_t number, const char *action,
                         struct fault *fault) REQUIRES(may_park);
static void await_action(struct test_run *t, uint64_t number, const char *action,
                         struct fault *fault)
{
    for (unsigned ms = 0; ms < LIMIT_MS; ms++) {
        if (!fault_get(number, fault) || fault->action[0])
            break;
        clock_sleep(MS);
    }
    CHECK(t, strcmp(fault->action, action) == 0, "it is \"%s\"", fault->action);
}

/* Has shaky fault. What is done must be @p action. */
static void fault_and_await(struct test_run *t, enum shaky_trouble trouble, const char *action)
    REQUIRES(may_park);
static void fault_and_await(struct test_run *t, enum shaky_trouble trouble, const char *action)
{
    struct fault fault;
    uint64_t number = fault_in(t, do_fault, (void *)(uint64_t)trouble, &fault);

    await_action(t, number, action, &fault);
}

TEST(recovery, fault_of_a_cell_that_is_in_order_ends_the_task_only)
{
    uint64_t swaps;

    if (!mend(t))
        return;
    swaps = last_swap();
    fault_and_await(t, SHAKY_WELL, "its check() finds nothing");
    fault_and_await(t, SHAKY_WELL, "its check() finds nothing");
    CHECK(t, last_swap() == swaps, "something was swapped");
}

static void check_reloads(struct test_run *t, enum shaky_trouble trouble) REQUIRES(may_park);
static void check_reloads(struct test_run *t, enum shaky_trouble trouble)
{
    uint64_t before = 0, after = 0, swaps;

    if (!mend(t))
        return;
    swaps = last_swap();
    CHECK(t, shaky_count(&before) == OK, "before");
    fault_and_await(t, trouble, "its check() fails; reloaded, version 1.0");
    CHECK(t, last_swap() == swaps + 1, "%lu swaps", last_swap() - swaps);
    CHECK(t, shaky_count(&after) == OK && after == before + 1, "it counts %lu after %lu", after,
          before);
}

TEST(recovery, check_that_fails_has_the_cell_reloaded_with_its_state)
{
    check_reloads(t, SHAKY_SICK);
}

TEST(recovery, check_that_faults_has_the_cell_reloaded)
{
    check_reloads(t, SHAKY_CHECK);
}

/* What clients see of a cell in quarantine. */
static void check_quarantine(struct test_run *t) REQUIRES(may_park);
static void check_quarantine(struct test_run *t)
{
    OWN(shaky_loan) loan = {0};
    struct fault fault;
    uint64_t count = 77;

    CHECK(t, version_is("1.0 stand-in"), "another version");
    CHECK(t, shaky_count(&count) == ERR_QUARANTINED && count == 77, "a call with a status");
    if (shaky_lend(&loan)) {
        CHECK(t, false, "it lends");
        shaky_return(&loan);
    }
    shaky_hint();
    fault_in(t, ask_loans, NULL, &fault);
    CHECK(t, strstr(fault.note, "shaky is in quarantine, and shaky_loans() was called"), "note %s",
          fault.note);
}

TEST(recovery, fault_after_a_reload_ends_in_quarantine_until_a_swap)
{
    const char *said[] = {"recovery: shaky: fault ", ": its check() fails; reloaded, version 1.0\n",
                          "recovery: shaky: fault ", "again after a reload; in quarantine, until",
                          NULL};
    OWN(shaky_loan) loan = {0};
    uint64_t before = 0, after = 0, from = log_end();
    void (*pointer)(void) = shaky_pointer();
    struct fault fault;
    char text[4096];

    if (!mend(t) || !shaky_lend(&loan))
        return;
    CHECK(t, shaky_count(&before) == OK, "before");
    fault_and_await(t, SHAKY_SICK, "its check() fails; reloaded, version 1.0");
    fault_and_await(t, SHAKY_WELL,
                    "again after a reload; in quarantine, until another one is swapped in");
    log_copy(from, text, sizeof text);
    CHECK(t, has_in_order(text, said), "the log: %s", text);
    check_quarantine(t);
    fault_in(t, call_pointer, (void *)pointer, &fault);
    if (mend(t)) {
        pointer();
        CHECK(t, version_is("1.0"), "another version");
        CHECK(t, shaky_count(&after) == OK && after == before + 1, "it counts %lu after %lu", after,
              before);
        CHECK(t, shaky_loans() == 1, "%lu loans", shaky_loans());
        fault_and_await(t, SHAKY_WELL, "its check() finds nothing");
    }
    shaky_return(&loan);
}

static void check_failed_reload(struct test_run *t, enum shaky_trouble trouble, const char *action)
    REQUIRES(may_park);
static void check_failed_reload(struct test_run *t, enum shaky_trouble trouble, const char *action)
{
    uint64_t swaps;

    if (!mend(t))
        return;
    swaps = last_swap();
    fault_and_await(t, trouble, action);
    CHECK(t, last_swap() == swaps + 2, "%lu swaps", last_swap() - swaps);
    check_quarantine(t);
    if (mend(t))
        fault_and_await(t, SHAKY_WELL, "its check() finds nothing");
}

TEST(recovery, reload_whose_init_faults_ends_in_quarantine)
{
    check_failed_reload(t, SHAKY_INIT,
                        "its check() fails; no swap: shaky: its init() failed: faulted; in "
                        "quarantine, until another one is swapped in");
}

TEST(recovery, reload_whose_start_faults_ends_in_quarantine)
{
    check_failed_reload(t, SHAKY_START,
                        "its check() fails; no swap: shaky: its start() failed: faulted; in "
                        "quarantine, until another one is swapped in");
}

/* Each mark is void after a swap by hand, and replaced at the next reload. */

/* An op that stayed in the list would be met there by the next clock, wherever its memory has gone. */
TEST(recovery, timer_leaves_its_list_while_the_clock_is_in_quarantine)
{
    OWN(clock_op) op = {0};

    clock_begin(&op, clock_now_ns() + 1000ul * 1000 * MS);
    if (swap(t, "clock", true)) {
        CHECK(t, clock_step(&op) == ERR_QUARANTINED, "a step");
        clock_end(&op);
        CHECK(t, !op.pending && list_empty(&op.link), "it is in a list");
        (void)swap(t, "clock", false);
        clock_sleep(MS);
        return;
    }
    clock_end(&op);
}

TEST(recovery, memory_is_used_on_and_none_is_had_while_vm_is_in_quarantine)
{
    OWN(mapping) memory = {0}, more = {0};

    if (!mapping_map(&memory, PAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        return;
    }
    if (swap(t, "vm", true)) {
        *(volatile uint64_t *)mapping_address(&memory) = 5;
        CHECK(t, *(volatile uint64_t *)mapping_address(&memory) == 5, "the memory");
        if (mapping_map(&more, PAGE_BYTES, MAP_WRITE)) {
            CHECK(t, false, "there is more");
            mapping_drop(&more);
        }
        (void)swap(t, "vm", false);
    }
    mapping_drop(&memory);
}

CELL(.name = "recovery_tests", .version = "1.0", .summary = "What is done about faults of services");
