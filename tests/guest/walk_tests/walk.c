/* Walks of tasks that sleep and of tasks that were interrupted anywhere. Every walk ends at the bottom, and
 * the frames on the way are those of the calls that are under way. */
#include "cell.h"
#include "clock.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "nucleus/walk.h"
#include "task.h"
#include "test.h"

#define MOST_FRAMES 64u
#define DEPTH 12u
#define WALKS 200u

/* What a walk has found. */
struct chain {
    uint64_t pcs[MOST_FRAMES];
    bool exact; /* the first */
    unsigned count;
    enum walk_step end;
};

static void take_chain(struct chain *chain, const struct task *task)
{
    struct walk walk;

    walk_begin(&walk, &task->registers, task->stack_low, task->stack_high);
    chain->exact = walk.exact;
    chain->count = 0;
    do {
        chain->pcs[chain->count++] = walk.pc;
        chain->end = walk_next(&walk);
    } while (chain->end == WALK_FRAME && chain->count < MOST_FRAMES);
}

/* Whether frame @p index is in that function. */
static bool is_in(const struct chain *chain, unsigned index, const char *cell, const char *name)
{
    struct symbol_info info;
    uint64_t pc = index < chain->count ? chain->pcs[index] : 0;

    return symbol_at(index == 0 && chain->exact ? pc : pc - 1, &info) &&
           strcmp(info.cell, cell) == 0 && (!name || strcmp(info.name, name) == 0);
}

/* The frames from @p index on: the entry of the task, the bottom, and no more. */
static void check_bottom(struct test_run *t, const struct chain *chain, unsigned index,
                         const char *entry)
{
    CHECK(t, is_in(chain, index, "walk_tests", entry), "frame %u: 0x%lx", index, chain->pcs[index]);
    CHECK(t, is_in(chain, index + 1, "nucleus", NULL), "frame %u is not the nucleus'", index + 1);
    CHECK(t, chain->count == index + 2 && chain->end == WALK_END, "%u frames, end %u", chain->count,
          chain->end);
}

struct subject {
    uint32_t stop;           /* atomic */
    volatile uint32_t depth; /* of descend() */
    const struct task *task;
    /* what look() has found: */
    struct chain chain;
    uint32_t found_depth;
    uint32_t looked; /* atomic; the rest comes before */
};

static bool has_stopped(const struct subject *subject)
{
    return __atomic_load_n(&subject->stop, __ATOMIC_ACQUIRE);
}

static __attribute__((noinline)) int inner(struct subject *subject) REQUIRES(may_park);
static __attribute__((noinline)) int inner(struct subject *subject)
{
    volatile int result = 1;

    while (!has_stopped(subject))
        task_park();
    return result;
}

/* A frame of its own size each, with values that it needs after the call. */
static __attribute__((noinline)) int middle(struct subject *subject, uint64_t number) REQUIRES(may_park);
static __attribute__((noinline)) int middle(struct subject *subject, uint64_t number)
{
    volatile uint64_t words[100];
    int sum;

    words[number % 100] = number;
    sum = inner(subject);
    return sum + (words[number % 100] == number);
}

static int sleeps(void *argument)
{
    role_assert_may_park();
    return middle(argument, (uint64_t)argument) + 1;
}

static void stop(struct test_run *t, struct subject *subject, task_handle *handle, int expected) TAKES(*handle)
    REQUIRES(may_park);
static void stop(struct test_run *t, struct subject *subject, task_handle *handle, int expected)
{
    struct task *task = handle->task;
    int result = -1;

    __atomic_store_n(&subject->stop, 1, __ATOMIC_RELEASE);
    task_unpark(task);
    CHECK(t, task_join(handle, &result) == OK && result == expected, "it ended with %d", result);
}

TEST(walk, sleeping_task_is_walked_call_by_call)
{
    OWN(task_handle) handle = {0};
    struct subject subject;
    struct chain chain;
    unsigned first = 0;

    memset(&subject, 0, sizeof subject);
    if (!task_spawn(&handle, "sleeps", sleeps, &subject)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (task_state(handle.task) != TASK_PARKED)
        task_yield();
    take_chain(&chain, handle.task);
    stop(t, &subject, &handle, 3);
    while (first < chain.count && is_in(&chain, first, "nucleus", NULL))
        first++;
    CHECK(t, first > 0 && !chain.exact, "%u frames of the nucleus", first);
    CHECK(t, is_in(&chain, first, "walk_tests", "inner"), "0x%lx", chain.pcs[first]);
    CHECK(t, is_in(&chain, first + 1, "walk_tests", "middle"), "0x%lx", chain.pcs[first + 1]);
    check_bottom(t, &chain, first + 2, "sleeps");
}

static int ends(void *argument)
{
    (void)argument;
    return 0;
}

TEST(walk, new_task_is_at_the_bottom)
{
    OWN(task_handle) handle = {0};
    struct chain chain;
    bool is_new;

    if (!task_spawn(&handle, "ends", ends, NULL)) {
        CHECK(t, false, "no memory");
        return;
    }
    take_chain(&chain, handle.task);
    is_new = handle.task->switches == 0;
    CHECK(t, task_join(&handle, NULL) == OK, "it did not end well");
    if (is_new)
        CHECK(t, chain.count == 1 && chain.end == WALK_END, "%u frames, end %u", chain.count, chain.end);
    else
        test_skip(t, "one hart only: another was faster");
}

struct stub_choice {
    uint64_t address, function;
};

static bool choose_stub(const struct cell *cell, void *argument)
{
    struct stub_choice *choice = argument;

    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next) {
        const struct stub *stub = list_entry(node, struct stub, link);

        *choice = (struct stub_choice){stub->address, stub->function};
    }
    return true;
}

/* A stub has no frame: who is in it is about to enter the function, with ra live. */
TEST(walk, task_in_a_stub_is_at_the_first_instruction_of_the_function)
{
    struct stub_choice stub = {0};
    struct registers saved;
    struct walk walk;

    cells_visit(choose_stub, &stub);
    if (!CHECK(t, stub.address, "there is no stub"))
        return;
    memset(&saved, 0, sizeof saved);
    saved.status = 1;
    for (unsigned i = 0; i < STUB_BYTES; i += 4) {
        saved.pc = stub.address + i;
        walk_begin(&walk, &saved, 0, 0);
        CHECK(t, walk.pc == stub.function, "at +%u the pc is 0x%lx, not 0x%lx", i, walk.pc, stub.function);
        saved.x[1] = stub.function;
        walk_begin(&walk, &saved, 0, 0);
        CHECK(t, walk_next(&walk) == WALK_FRAME && walk.pc == stub.function, "ra: 0x%lx", walk.pc);
    }
    saved.pc = 8;
    walk_begin(&walk, &saved, 0, 0);
    CHECK(t, walk.pc == 8 && walk_next(&walk) == WALK_LOST, "pc 0x%lx", walk.pc);
}

struct census {
    char lost[TASK_NAME_ROOM];
    uint64_t pc;
    unsigned walked;
};

static bool walk_any(struct task *task, void *argument)
{
    struct census *census = argument;
    struct chain chain;

    if (task == task_current() || task_state(task) == TASK_DEAD)
        return true;
    take_chain(&chain, task);
    census->walked++;
    if (chain.end != WALK_END) {
        string_copy(census->lost, sizeof census->lost, task->name);
        census->pc = chain.pcs[chain.count - 1];
    }
    return true;
}

/* Whatever they wait for, in whichever cells; and the idle context, which is interrupted. */
TEST(walk, every_task_is_walked_to_its_bottom)
{
    struct census census = {.walked = 0};

    if (hart_count() > 1) {
        test_skip(t, "one hart only: others must not run meanwhile");
        return;
    }
    task_each(walk_any, &census);
    CHECK(t, census.walked >= 2, "%u tasks", census.walked);
    CHECK(t, !census.lost[0], "task %s: lost at 0x%lx", census.lost, census.pc);
}

static __attribute__((noinline)) uint64_t descend(struct subject *subject, uint64_t x)
{
    uint64_t sum = x;

    subject->depth++;
    for (unsigned i = 0; i < 20; i++)
        sum = sum * 3 + (sum >> (i & 15));
    if (subject->depth < DEPTH)
        sum += descend(subject, sum ^ x);
    sum ^= x;
    subject->depth--;
    return sum;
}

static int computes(void *argument)
{
    struct subject *subject = argument;
    volatile uint64_t sum = 0;

    role_assert_may_park();
    while (!has_stopped(subject))
        sum = sum + descend(subject, sum);
    return (int)subject->depth;
}

/* On each hart, in a handler: walks the task if it is what was interrupted. With one hart it is not, but has
 * been: this is another task's hart now. */
static void look(void *argument)
{
    struct subject *subject = argument;

    if (hart_count() > 1 ? task_current() != subject->task : !subject->task->registers.status)
        return;
    take_chain(&subject->chain, subject->task);
    subject->found_depth = subject->depth;
    __atomic_store_n(&subject->looked, 1, __ATOMIC_RELEASE);
}

/* The depth that the task notes is one off between the call and the note. */
static bool check_interrupted(struct test_run *t, const struct chain *chain, unsigned depth)
{
    unsigned first = 0;

    while (is_in(chain, first, "walk_tests", "descend"))
        first++;
    check_bottom(t, chain, first, "computes");
    return CHECK(t, chain->exact && first <= depth + 1 && first + 1 >= depth,
                 "%u frames of descend() at a depth of %u", first, depth);
}

/* Interrupts the task once and walks it. With one hart it is interrupted when this task runs. */
static bool walk_once(struct test_run *t, struct subject *subject) REQUIRES(may_park);
static bool walk_once(struct test_run *t, struct subject *subject)
{
    do {
        clock_sleep(100000 + 7919 * (hart_ticks() % 16));
        __atomic_store_n(&subject->looked, 0, __ATOMIC_RELEASE);
        hart_each(look, subject);
    } while (!__atomic_load_n(&subject->looked, __ATOMIC_ACQUIRE));
    return check_interrupted(t, &subject->chain, subject->found_depth);
}

TEST(walk, task_that_was_interrupted_anywhere_is_walked_call_by_call)
{
    OWN(task_handle) handle = {0};
    struct subject subject;
    uint64_t first = 0, others = 0;

    memset(&subject, 0, sizeof subject);
    if (!task_spawn(&handle, "computes", computes, &subject)) {
        CHECK(t, false, "no memory");
        return;
    }
    subject.task = handle.task;
    for (unsigned i = 0; i < WALKS && walk_once(t, &subject); i++) {
        first = first ? first : subject.chain.pcs[0];
        others += subject.chain.pcs[0] != first;
    }
    stop(t, &subject, &handle, 0);
    CHECK(t, others > WALKS / 10, "%lu of the walks began elsewhere than the first", others);
}

CELL(.name = "walk_tests", .version = "1.0", .summary = "Tests of exact stack walks.");
