/* Faults of tasks, as the log tells them and as the fault log keeps them. */
#include "faults.h"

#include "cell.h"
#include "command.h"
#include "logs.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/records.h"
#include "task.h"
#include "test.h"
#include "texts.h"

#define DEPTH 40u
#define TASK_NAME "faulter"

/* Runs @p entry in a task of its own, which is to fault. @return whether it did; @p fault is its record. */
static bool fault_of(struct test_run *t, int (*entry)(void *), void *argument, struct fault *fault)
    REQUIRES(may_park);
static bool fault_of(struct test_run *t, int (*entry)(void *), void *argument, struct fault *fault)
{
    OWN(task_handle) handle = {0};
    enum status status;
    uint64_t number;

    if (!task_spawn(&handle, TASK_NAME, entry, argument)) {
        CHECK(t, false, "no memory");
        return false;
    }
    number = handle.task->number;
    status = task_join(&handle, NULL);
    return CHECK(t, status == ERR_FAULT, "it ended with %d", status) &&
           CHECK(t, fault_get(fault_count(), fault), "no record of fault %lu", fault_count()) &&
           CHECK(t, fault->task == number, "the record is task %lu's, not %lu's", fault->task,
                 number);
}

static bool starts_with_place(const struct fault *fault, unsigned index, const char *place)
{
    return index < fault->frame_count && string_starts(fault->frames[index].place, place);
}

struct injection {
    const char *kind;
    const char *report; /* in the first line of the report */
    const char *place;  /* where; of a wild jump the caller */
    bool wild;
};

static const struct injection injections[] = {
    {"null", "load page fault at 0x8: NULL pointer\n", "commands:load_null+0x", false},
    {"load", "load page fault at 0x123456780\n", "commands:load_unmapped+0x", false},
    {"store", "store page fault at 0x", "commands:store_read_only+0x", false},
    {"jump", "instruction page fault at 0x123456780\n", "commands:jump_wild+0x", true},
    {"nx", "instruction page fault at 0x", "commands:jump_to_data+0x", true},
    {"illegal", "illegal instruction at 0x", "commands:execute_zeroes+0x", false},
    {"stack", " bytes below the stack of 16384\n", "commands:recurse+0x", false},
    {"software", ", is free already\n", "commands:free_twice+0x", false},
};
#define INJECTIONS (sizeof injections / sizeof injections[0])

static int runs_fault(void *argument)
{
    const struct injection *injection = argument;
    char *words[] = {(char[]){"fault"}, (char *)(uintptr_t)injection->kind, NULL};
    struct command command;

    role_assert_may_park();
    return command_find("fault", &command, NULL) ? command.run(2, words) : -1;
}

/* The report says it, and in the backtrace the cell's name, its function and those that called it. */
static void check_report(struct test_run *t, const struct injection *injection, uint64_t from)
{
    char text[4096], cell[64];
    struct cell_info commands;
    const char *parts[] = {"fault: ", injection->report, " " TASK_NAME " hart ",
                           cell,      injection->place,  NULL};

    log_copy(from, text, sizeof text);
    if (!CHECK(t, cell_find("commands", &commands), "no cell of that name"))
        return;
    format(cell, sizeof cell, " cell commands %s pc 0x", commands.version);
    CHECK(t, has_in_order(text, parts), "%s: the log says: %s", injection->kind, text);
    parts[2] = "commands:run_fault+0x";
    parts[3] = "fault_tests:runs_fault+0x";
    parts[4] = NULL;
    CHECK(t, strcmp(injection->kind, "stack") == 0 || has_in_order(text, parts),
          "%s: the log says: %s", injection->kind, text);
}

static void check_record(struct test_run *t, const struct injection *injection,
                         const struct fault *fault)
{
    unsigned place = injection->wild;

    while (place < fault->frame_count && string_starts(fault->frames[place].place, "nucleus:"))
        place++;
    CHECK(t, starts_with_place(fault, place, injection->place), "%s: frame %u is %s",
          injection->kind, place, fault->frames[place].place);
    CHECK(t, fault->frames[place].text_bytes > 0, "%s: no size of text", injection->kind);
    CHECK(t, fault->frames[0].exact && !fault->frames[1].exact, "%s: what was interrupted",
          injection->kind);
    CHECK(t, strcmp(fault->cell, "commands") == 0, "%s: the cell is %s", injection->kind,
          fault->cell);
    CHECK(t, strcmp(fault->task_name, TASK_NAME) == 0, "%s: task %s", injection->kind,
          fault->task_name);
    CHECK(t, fault->end == WALK_END, "%s: the walk ended with %d", injection->kind, fault->end);
}

TEST(fault, report_names_cell_version_and_callers_of_each_kind)
{
    struct fault fault;

    for (unsigned i = 0; i < INJECTIONS; i++) {
        uint64_t from = log_end();

        if (!fault_of(t, runs_fault, (void *)(uintptr_t)&injections[i], &fault))
            continue;
        check_report(t, &injections[i], from);
        check_record(t, &injections[i], &fault);
    }
}

static __attribute__((noinline)) int descend(volatile unsigned depth)
{
    int result;

    if (depth == 0)
        *(volatile int *volatile)(uintptr_t)depth = 1;
    result = depth ? descend(depth - 1) : 0;
    return result + (int)depth;
}

static int goes_deep(void *argument)
{
    (void)argument;
    return descend(DEPTH);
}

/* descend() DEPTH + 1 times, goes_deep(), the nucleus. */
TEST(fault, backtrace_counts_the_frames_that_it_does_not_show)
{
    struct fault fault;

    if (!fault_of(t, goes_deep, NULL, &fault))
        return;
    CHECK(t, fault.frame_count == FAULT_FRAMES && fault.more == DEPTH + 3 - FAULT_FRAMES,
          "%u frames and %u more", fault.frame_count, fault.more);
    CHECK(t, starts_with_place(&fault, FAULT_FRAMES - 1, "fault_tests:descend+0x"),
          "the last is %s", fault.frames[FAULT_FRAMES - 1].place);
}

static _Noreturn __attribute__((noinline)) void never_returns(void)
{
    for (;;)
        *(volatile int *volatile)NULL = 1;
}

/* It returns to behind the end of this function. */
static __attribute__((noinline)) int calls_last(void *argument)
{
    (void)argument;
    never_returns();
}

TEST(fault, caller_is_named_by_its_call_and_not_by_what_stands_behind_it)
{
    struct fault fault;

    if (!fault_of(t, calls_last, NULL, &fault))
        return;
    CHECK(t, starts_with_place(&fault, 0, "fault_tests:never_returns+0x"), "it was in %s",
          fault.frames[0].place);
    CHECK(t, starts_with_place(&fault, 1, "fault_tests:calls_last+0x"), "called by %s",
          fault.frames[1].place);
}

/* From this frame to the top of the stack nothing is left of what callers saved. */
static __attribute__((noinline)) int smash(const struct task *self)
{
    volatile uint64_t here = 0;

    for (volatile uint64_t *word = &here; (uint64_t)word < self->stack_high; word++)
        *word = 0x5a5a5a5a5a5a5a5a;
    *(volatile int *volatile)NULL = 1;
    return (int)here;
}

static int smashes(void *argument)
{
    (void)argument;
    return smash(task_current()) + 1;
}

TEST(fault, smashed_stack_is_reported_as_far_as_it_goes)
{
    uint64_t from = log_end();
    struct fault fault;
    char text[2048];

    if (!fault_of(t, smashes, NULL, &fault))
        return;
    log_copy(from, text, sizeof text);
    CHECK(t, starts_with_place(&fault, 0, "fault_tests:smash+0x"), "it was in %s",
          fault.frames[0].place);
    CHECK(t, fault.end == WALK_LOST && fault.frame_count <= 3, "%u frames, end %d",
          fault.frame_count, fault.end);
    CHECK(t, strstr(text, "fault: the walk of the stack is lost there\n"), "the log says: %s",
          text);
}

TEST(fault, log_keeps_the_last)
{
    uint64_t before = fault_count();
    struct fault fault;

    for (unsigned i = 0; i < FAULT_RECORDS + 2; i++) {
        if (!fault_of(t, i % 2 ? smashes : goes_deep, NULL, &fault))
            return;
        CHECK(t, fault.number == before + i + 1, "fault %lu is number %lu", before + i + 1,
              fault.number);
    }
    CHECK(t, !fault_get(before + 1, &fault) && !fault_get(before + 2, &fault),
          "the oldest is still there");
    for (uint64_t i = 3; i <= FAULT_RECORDS + 2; i++) {
        const char *place = i % 2 ? "fault_tests:descend+0x" : "fault_tests:smash+0x";

        CHECK(t, fault_get(before + i, &fault) && starts_with_place(&fault, 0, place),
              "number %lu is not there", i);
    }
    CHECK(t, !fault_get(0, &fault) && !fault_get(before + FAULT_RECORDS + 3, &fault),
          "faults that never were");
}

/* Else a version that faulted, and was replaced, would stay in memory. */
TEST(fault, log_has_no_word_that_leads_into_the_cell)
{
    struct cell_info own, inspect;
    struct fault fault;
    unsigned found = 0;

    if (!fault_of(t, goes_deep, NULL, &fault) || !cell_find("fault_tests", &own) ||
        !cell_find("inspect", &inspect)) {
        CHECK(t, false, "no fault, or no cell");
        return;
    }
    for (uint64_t at = inspect.state; at < inspect.state + inspect.state_bytes; at += 8)
        found += *(const uint64_t *)at - own.text < own.text_bytes;
    CHECK(t, found == 0, "%u words", found);
    CHECK(t, fault.frames[0].pc - own.text < own.text_bytes, "nor has the copy, which is at 0x%lx",
          fault.frames[0].pc);
    CHECK(t, fault.value == 0, "the address is 0x%lx", fault.value);
}

static bool visit_badly(const struct cell *cell, void *argument)
{
    (void)cell;
    *(volatile int *volatile)argument = 1;
    return false;
}

static int visits(void *argument)
{
    cells_visit(visit_badly, argument);
    return 0;
}

/* The report needs the table that is locked, and so does whoever comes after. */
TEST(fault, fault_of_a_visitor_of_the_cell_table_is_reported_and_unlocks_it)
{
    struct fault fault;
    struct cell_info own;

    if (!fault_of(t, visits, NULL, &fault))
        return;
    CHECK(t, starts_with_place(&fault, 0, "fault_tests:visit_badly+0x"), "it was in %s", fault.frames[0].place);
    CHECK(t, fault.end == WALK_END, "the walk ended with %d", fault.end);
    for (unsigned turn = 0; turn < 8; turn++) {
        CHECK(t, cell_find("fault_tests", &own), "no cell of that name");
        task_yield();
    }
}

CELL(.name = "fault_tests", .version = "1.0", .summary = "Tests of fault reports and the fault log.");
