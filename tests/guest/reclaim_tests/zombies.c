/* A replaced cell stays as long as something points into it, and no longer. */
#include "inject.h"
#include "inspect.h"
#include "lender.h"
#include "logs.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "recovery.h"
#include "swap.h"
#include "test.h"
#include "text.h"

#define LOAD_PAGE_FAULT 13u

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

static bool swap_itself(struct test_run *t, const char *cell) REQUIRES(may_park);
static bool swap_itself(struct test_run *t, const char *cell)
{
    struct swap_report report;
    OWN(swap_request) request = {0};

    memset(&report, 0, sizeof report);
    if (!cell_swap(&request, cell, cell, NULL, 0, false, &report.why))
        return CHECK(t, false, "%s", report.why.text);
    return CHECK(t, swap_wait(&request, &report) == OK && report.done, "%s", report.why.text);
}

static bool swap_lender(struct test_run *t) REQUIRES(may_park);
static bool swap_lender(struct test_run *t)
{
    return swap_itself(t, "lender");
}

/* What holds an old version of @p cell. Not inlined, as a zombie_info would hold it, too. */
static __attribute__((noinline)) bool find_zombie_of(const char *cell, char holder[CELL_HOLDER_ROOM])
{
    struct zombie_info zombie;

    for (unsigned i = 0; zombie_get(i, &zombie); i++) {
        string_copy(holder, CELL_HOLDER_ROOM, zombie.holder);
        if (strcmp(zombie.name, cell) == 0)
            return true;
    }
    return false;
}

static bool find_zombie(char holder[CELL_HOLDER_ROOM])
{
    return find_zombie_of("lender", holder);
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

KIND(borrower, "borrower", uint64_t);

TEST(reclaim, what_a_heap_object_points_to_stays)
{
    struct kind *kind;
    uint64_t *object;

    if (!CHECK(t, kind_create(&kind, &kind_borrower) == OK, "no kind"))
        return;
    object = heap_alloc(kind);
    if (CHECK(t, object, "no memory"))
        check_held(t, object, "an object of kind borrower of reclaim_tests");
    heap_free(kind, object);
    CHECK(t, kind_destroy(kind) == OK, "the kind");
}

KIND_OF_BUFFERS(leavings, "leavings");
KIND(roomy, "roomy", uint64_t, .room = 24);

/* Fills @p words, of some object, with what leads into the lender. */
static void keep_all(volatile uint64_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        keep(&words[i]);
}

static void check_not_held(struct test_run *t, const char *by) REQUIRES(may_park);
static void check_not_held(struct test_run *t, const char *by)
{
    char holder[CELL_HOLDER_ROOM] = "nothing";

    if (swap_lender(t))
        CHECK(t, !find_zombie(holder), "by %s: held by %s", by, holder);
}

/* A slot is larger than most buffers in it, and what the one before left there is nobody's. */
TEST(reclaim, what_is_left_behind_a_buffer_keeps_nothing)
{
    const size_t slot = 1024, bytes = 900;
    uint64_t *first, *second, place;
    struct kind *kind;

    if (!CHECK(t, kind_create(&kind, &kind_leavings) == OK, "no kind"))
        return;
    first = heap_alloc_bytes(kind, slot);
    if (CHECK(t, first, "no memory"))
        keep_all(first, slot / 8);
    place = (uint64_t)first;
    heap_free(kind, first);
    second = heap_alloc_bytes(kind, bytes);
    if (CHECK(t, second && (uint64_t)second == place, "it is %p, and not 0x%lx", second, place)) {
        memset(second, 0, bytes);
        check_not_held(t, "what is left");
    }
    heap_free(kind, second);
    CHECK(t, kind_destroy(kind) == OK, "the kind");
}

TEST(reclaim, spare_room_of_an_object_keeps_nothing)
{
    struct kind *kind;
    uint64_t *object;

    if (!CHECK(t, kind_create(&kind, &kind_roomy) == OK, "no kind"))
        return;
    object = heap_alloc(kind);
    if (CHECK(t, object, "no memory")) {
        *object = 0;
        keep_all(object + 1, 3);
        check_not_held(t, "its room");
    }
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

/* --- cell reclaim itself --- */

TEST(reclaim, who_looks_is_replaced_and_leaves_nothing)
{
    char holder[CELL_HOLDER_ROOM] = "nothing";

    if (!swap_itself(t, "reclaim"))
        return;
    wait_for_services();
    CHECK(t, cells_drain() == OK && !find_zombie_of("reclaim", holder), "held by %s", holder);
    CHECK(t, swap_lender(t) && is_gone(t), "the new version does not look");
}

/* Where the function @p name of cell reclaim begins, which may be static; 0: nowhere. */
static uint64_t place_of(const char *name)
{
    struct section_info text;
    struct symbol_info function;

    for (unsigned i = 0; cell_section("reclaim", i, &text); i++) {
        for (uint64_t at = text.address; at < text.address + text.bytes; at += 2) {
            if (symbol_at(at, &function) && strcmp(function.name, name) == 0)
                return at;
        }
    }
    return 0;
}

/* Nobody points to the old lender; but a fault at the begin of @p function cuts the look for that short. */
static void cut_look(struct test_run *t, const char *function, const char *said) REQUIRES(may_park);
static void cut_look(struct test_run *t, const char *function, const char *said)
{
    char holder[CELL_HOLDER_ROOM] = "nothing", log[2048];
    uint64_t from = log_end(), place = place_of(function);

    keep(&state.kept);
    if (!swap_lender(t) || !CHECK(t, find_zombie(holder), "it is gone"))
        return;
    state.kept = 0;
    wait_for_services();
    if (CHECK(t, place && fault_plant(place, LOAD_PAGE_FAULT, 0) == OK, "no fault in %s", function)) {
        CHECK(t, cells_drain() == OK && !fault_unplant(), "nobody came to %s", function);
        CHECK(t, find_zombie(holder), "it was freed");
        log_copy(from, log, sizeof log);
        CHECK(t, strstr(log, said), "%s", log);
    }
    is_gone(t);
}

TEST(reclaim, a_look_that_is_cut_short_frees_nothing)
{
    OWN(recovery_hold) alone = {0};

    recovery_hold_begin(&alone);
    cut_look(t, "zombie_look", "zombie_look cut short");
    cut_look(t, "scan_tasks", "while all harts stood still");
    CHECK(t, swap_itself(t, "reclaim"), "it counts faults anew"); /* a third one would put it out of service */
    recovery_hold_end(&alone);
}

CELL(.name = "reclaim_tests", .version = "1.0",
     .summary = "Tests of what becomes of replaced cells");
