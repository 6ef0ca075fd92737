/* The command test, and the interface `test` (abi/test.h): runs the tests that cells contribute,
 * each in a task of its own, and prints TAP, the Test Anything Protocol, version 13. A test that
 * faults ends its task; the runner lives on and says so. */
#include "commands.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "task.h"
#include "text.h"

#define STACK_CLEARED (TASK_STACK_BYTES * 3 / 4)

enum outcome { PASSED, FAILED, CANCELLED };

static inline struct test_run *report_of(struct test_run *run) REQUIRES(run->lock);
static inline struct test_run *report_of(struct test_run *run)
{
    return run;
}

EXPORT bool test_check(struct test_run *t, bool good, const char *where, const char *text, ...)
{
    OWN(spin_guard) guard = {0};
    struct test_run *report;
    va_list arguments;
    size_t room, used;

    if (good)
        return true;
    va_start(arguments, text);
    spin_lock(&guard, &t->lock);
    report = report_of(t);
    report->failures++;
    room = sizeof report->text - report->text_bytes;
    used = format(report->text + report->text_bytes, room, "%s: ", where);
    if (used < room)
        used += format_list(report->text + report->text_bytes + used, room - used, text, arguments);
    if (used + 1 < room) {
        report->text_bytes += (unsigned)used;
        report->text[report->text_bytes++] = '\n';
        report->told++;
    }
    report->text[report->text_bytes] = '\0'; /* what did not fit whole is left out */
    spin_unlock(&guard, &t->lock);
    va_end(arguments);
    return false;
}

EXPORT void test_skip(struct test_run *t, const char *why)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &t->lock);
    report_of(t)->skipped = true;
    string_copy(report_of(t)->why_skipped, sizeof t->why_skipped, why);
    spin_unlock(&guard, &t->lock);
}

/* The right to run tests: one at a time, as there is one struct test_run. */
typedef struct LINEAR("test_claim") test_claim {
    uint32_t *taken;
} test_claim;

/* UNCHECKED, all three: they make and end the handle. */
static bool claim_tests(test_claim *claim) TRY_MAKES(*claim);
static bool claim_tests(test_claim *claim) UNCHECKED
{
    uint32_t *taken = &commands_state()->testing;

    if (__atomic_exchange_n(taken, 1, __ATOMIC_ACQUIRE))
        return false;
    claim->taken = taken;
    return true;
}

static void release_tests(test_claim *claim) TAKES(*claim) UNCHECKED
{
    __atomic_store_n(claim->taken, 0, __ATOMIC_RELEASE);
    claim->taken = NULL;
}

static void test_claim_unwind(test_claim *claim) UNCHECKED
{
    if (claim->taken)
        release_tests(claim);
}

/* Prints @p text line by line as TAP diagnostics. */
static void print_diagnostics(const char *text) REQUIRES(may_park);
static void print_diagnostics(const char *text)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t bytes = end ? (size_t)(end - text) : strlen(text);

        console_write("# ", 2);
        console_write(text, bytes);
        console_write("\n", 1);
        text += bytes + (end != NULL);
    }
}

static void reset_run(struct test_run *run)
{
    OWN(spin_guard) guard = {0};
    struct test_run *report;

    spin_lock(&guard, &run->lock);
    report = report_of(run);
    report->failures = report->told = report->text_bytes = 0;
    report->skipped = false;
    report->text[0] = '\0';
    spin_unlock(&guard, &run->lock);
}

/* What another task left on the stack would keep cells that were replaced, as long as this test runs. */
static __attribute__((noinline)) uint64_t stack_clear(void)
{
    volatile uint64_t words[STACK_CLEARED / 8];

    for (unsigned i = 0; i < STACK_CLEARED / 8; i++)
        words[i] = 0;
    return words[0];
}

static int test_entry(void *argument)
{
    struct commands_state *state = argument;

    role_assert_may_park();
    (void)stack_clear();
    state->test(&state->run);
    return 0;
}

/* Waits for the end of the test's task; a Ctrl-C for us is one for it. */
static enum status wait_for_test(task_handle *handle) TAKES(*handle) REQUIRES(may_park);
static enum status wait_for_test(task_handle *handle)
{
    enum status status;
    bool passed_on = false;
    int result;

    while ((status = task_join_step(handle, &result)) == AGAIN) {
        if (task_cancelled() && !passed_on)
            passed_on = task_cancel(handle->task->number) == OK;
        task_park();
    }
    task_detach(handle);
    return status;
}

/* Prints the result line of test number @p number and why it is so. */
static enum outcome report(unsigned number, enum status end, uint64_t *log) REQUIRES(may_park);
static enum outcome report(unsigned number, enum status end, uint64_t *log)
{
    struct commands_state *state = commands_state();
    const struct test_run *run = &state->run;
    bool good = end == OK && run->failures == 0;

    if (good && run->skipped)
        print("ok %u - %s # SKIP %s\n", number, state->test_name, run->why_skipped);
    else
        print("%s %u - %s\n", good ? "ok" : "not ok", number, state->test_name);
    print_diagnostics(run->text);
    if (run->failures > run->told)
        print("# and %u more failed checks\n", run->failures - run->told);
    if (end != OK) {
        print("# ended by a fault; the log says:\n");
        log_print_lines(log, "#   ");
    }
    return good ? PASSED : FAILED;
}

/* Runs the test in the state. */
static enum outcome run_one(unsigned number) REQUIRES(may_park);
static enum outcome run_one(unsigned number)
{
    struct commands_state *state = commands_state();
    OWN(task_handle) handle = {0};
    uint64_t log = 0;
    enum status end;

    log_skip(&log);
    reset_run(&state->run);
    if (!task_spawn(&handle, state->test_name, test_entry, state)) {
        print("not ok %u - %s\n# no memory for its task\n", number, state->test_name);
        return FAILED;
    }
    end = wait_for_test(&handle);
    if (task_cancelled())
        return CANCELLED;
    return report(number, end, &log);
}

/* The pattern for names of tests: a word without a dot is an area, "vm" means "vm.*". */
static void widen_pattern(const char *word, char *pattern, size_t bytes)
{
    bool whole = strchr(word, '.') || strcmp(word, "*") == 0;

    format(pattern, bytes, "%s%s", word, whole ? "" : ".*");
}

/* Loads the cells of the archive whose tests @p pattern may mean. @return false: one failed. */
static bool load_test_cells(const char *pattern) REQUIRES(may_park);
static bool load_test_cells(const char *pattern)
{
    const char *dot = strchr(pattern, '.');
    int area_bytes = (int)(dot ? (size_t)(dot - pattern) : strlen(pattern));
    char name[CELL_NAME_ROOM], wanted[CELL_NAME_ROOM + 8];
    struct cell_info cell;
    struct why why;
    bool good = true;

    format(wanted, sizeof wanted, "%.*s_tests", area_bytes, pattern);
    for (unsigned i = 0; archive_cell(i, name); i++) {
        if (!string_matches(name, wanted) || cell_find(name, &cell))
            continue;
        why.text[0] = '\0';
        if (cell_load(name, &why) == OK)
            continue;
        print("# %s cannot be loaded: %s\n", name, why.text);
        good = false;
    }
    return good;
}

/* Makes the next test from entry *@p index on that @p pattern means the one in the state. */
static bool next_test(const char *pattern, unsigned *index)
{
    struct commands_state *state = commands_state();
    struct test test;

    while (set_get("test", (*index)++, &test, sizeof test, NULL)) {
        if (!string_matches(test.name, pattern))
            continue;
        (void)string_copy(state->test_name, sizeof state->test_name, test.name);
        state->test = test.run;
        return true;
    }
    return false;
}

static unsigned count_tests(const char *pattern)
{
    unsigned count = 0, index = 0;

    while (next_test(pattern, &index))
        count++;
    return count;
}

/* Runs all that @p pattern means; the claim is held. */
static int run_all(const char *pattern) REQUIRES(may_park);
static int run_all(const char *pattern)
{
    unsigned planned, failed = 0, index = 0;
    bool loaded;

    print("TAP version 13\n");
    loaded = load_test_cells(pattern);
    planned = count_tests(pattern);
    print("1..%u%s\n", planned, planned ? "" : " # SKIP no test matches");
    for (unsigned number = 1; number <= planned; number++) {
        enum outcome outcome = FAILED;

        if (next_test(pattern, &index))
            outcome = run_one(number);
        if (outcome == CANCELLED) {
            print("Bail out! cancelled\n");
            return 1;
        }
        failed += outcome == FAILED;
    }
    print("# %u of %u passed\n", planned - failed, planned);
    if (failed > 0 || !loaded)
        return 1;
    return planned ? 0 : 3;
}

static int run_test(int argc, char **argv)
{
    OWN(test_claim) claim = {0};
    char pattern[64];
    int status;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 2))
        return usage_error("test");
    if (!claim_tests(&claim)) {
        print("test: tests are running already\n");
        return 1;
    }
    widen_pattern(argc > 1 ? argv[1] : "*", pattern, sizeof pattern);
    status = run_all(pattern);
    release_tests(&claim);
    return status;
}

COMMAND(test, .run = run_test, .usage = "test [PATTERN]",
        .help = "Runs tests, and prints the results as TAP (testanything.org).\n"
                "\n"
                "PATTERN chooses among names such as vm.store_to_text_faults; * stands for any\n"
                "run of characters, and a word without a dot for all tests of that area. Tests\n"
                "are contributed by cells. Those named AREA_tests in the boot archive are\n"
                "loaded as needed, all of them when PATTERN is left out.\n"
                "Status: 0 all passed, 1 one failed, 3 no test matches.");
