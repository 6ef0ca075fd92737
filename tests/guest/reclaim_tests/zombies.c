/* A replaced cell stays as long as something points into it, and no longer. */
#include "inspect.h"
#include "lender.h"
#include "logs.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "nucleus/swap.h"
#include "test.h"
#include "text.h"

struct reclaim_state {
    uint64_t kept;
};
CELL_STATE(struct reclaim_state);

/* These are not inlined: so no register or slot of a test keeps the address. */
static __attribute__((noinline)) void keep(volatile uint64_t *where)
{
    *where = (uint64_t)lender_text();
}

static __attribute__((noinline)) bool is_readable(const volatile uint64_t *where)
{
    return strcmp((const char *)*where, LENDER_TEXT) == 0;
}

static bool swap_lender(struct test_run *t) REQUIRES(may_park);
static bool swap_lender(struct test_run *t)
{
    struct swap_report report;
    OWN(swap_request) request = {0};

    memset(&report, 0, sizeof report);
    if (!cell_swap(&request, "lender", "lender", NULL, 0, false, &report.why))
        return CHECK(t, false, "%s", report.why.text);
    return CHECK(t, swap_wait(&request, &report) == OK && report.done, "%s", report.why.text);
}

/* What holds an old lender. Not inlined, as a zombie_info would hold it, too. */
static __attribute__((noinline)) bool find_zombie(char holder[CELL_HOLDER_ROOM])
{
    struct zombie_info zombie;

    for (unsigned i = 0; zombie_get(i, &zombie); i++) {
        string_copy(holder, CELL_HOLDER_ROOM, zombie.holder);
        if (strcmp(zombie.name, "lender") == 0)
            return true;
    }
    return false;
}

static bool note_work(struct task *task, void *at_work)
{
    if (strcmp(task->name, "swap") == 0 || strcmp(task->name, "recovery") == 0)
        *(bool *)at_work |= task_state(task) != TASK_PARKED;
    return true;
}

/* The task that swaps, and the one that reads fault records, may be interrupted with addresses in their hands. */
static void wait_for_services(void) REQUIRES(may_park);
static void wait_for_services(void)
{
    bool at_work = true;

    while (at_work) {
        at_work = false;
        task_yield();
        task_each(note_work, &at_work);
    }
}

static bool is_gone(struct test_run *t) REQUIRES(may_park);
static bool is_gone(struct test_run *t)
{
    char holder[CELL_HOLDER_ROOM] = "nothing";

    wait_for_services();
    CHECK(t, cells_drain() == OK, "busy");
    return CHECK(t, !find_zombie(holder), "held by %s", holder);
}

/* Swaps the lender while @p where points into it; it must be held by what is called @p expected. */
static void check_held(struct test_run *t, volatile uint64_t *where, const char *expected)
    REQUIRES(may_park);
static void check_held(struct test_run *t, volatile uint64_t *where, const char *expected)
{
    char holder[CELL_HOLDER_ROOM] = "nothing";

    keep(where);
    if (!swap_lender(t))
        return;
    CHECK(t, find_zombie(holder) && strstr(holder, expected), "held by %s", holder);
    CHECK(t, is_readable(where), "the text has changed");
    CHECK(t, swap_lender(t) && find_zombie(holder), "freed by another swap");
    CHECK(t, is_readable(where), "the text has changed");
    *where = 0;
    is_gone(t);
}

TEST(reclaim, nothing_is_kept_that_nobody_points_to)
{
    char holder[CELL_HOLDER_ROOM] = "nothing";

    (void)(lender_add(1) + (lender_text() != NULL));
    if (swap_lender(t))
        CHECK(t, !find_zombie(holder), "held by %s", holder);
    CHECK(t, lender_add(1) == 2, "the new version");
}

TEST(reclaim, what_a_state_points_to_stays)
{
    check_held(t, &state.kept, "the state of reclaim_tests");
}

TEST(reclaim, what_a_heap_object_points_to_stays)
{
    struct kind *kind;
    uint64_t *object;

    if (!CHECK(t, kind_create(&kind, "borrower", 8, 8) == OK, "no kind"))
        return;
    object = heap_alloc(kind);
    if (CHECK(t, object, "no memory"))
        check_held(t, object, "an object of kind borrower of reclaim_tests");
    heap_free(kind, object);
    CHECK(t, kind_destroy(kind) == OK, "the kind");
}

TEST(reclaim, what_a_stack_points_to_stays)
{
    volatile uint64_t kept;

    check_held(t, &kept, "task ");
}

/* The address of lender_add() itself, not of its stub. */
static __attribute__((noinline)) void keep_function(volatile uint64_t *where)
{
    struct symbol_info function = {.address = 0};

    symbol_find("lender_add", &function);
    *where = function.address;
    function.address = 0;
}

static enum status call_kept(void *where)
{
    ((uint64_t(*)(uint64_t)) * (uint64_t *)where)(1);
    return OK;
}

TEST(reclaim, late_use_of_text_faults_by_name)
{
    volatile uint64_t function;
    char log[1024];
    uint64_t from;
    enum status status;

    CHECK(t, lender_add(1) == 2, "the function");
    keep_function(&function);
    if (!swap_lender(t))
        return;
    from = log_end();
    status = guarded_call(call_kept, (void *)&function);
    function = 0;
    CHECK(t, status == ERR_FAULT, "%s", status_name(status));
    log_copy(from, log, sizeof log);
    CHECK(t,
          strstr(log, "breakpoint") &&
              strstr(log, "lender:lender_add+0x0, a version that was replaced"),
          "%s", log);
    is_gone(t);
}

CELL(.name = "reclaim_tests", .version = "1.0",
     .summary = "Tests of what becomes of replaced cells");
