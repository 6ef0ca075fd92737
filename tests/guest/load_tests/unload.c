/* What may be unloaded, and what is left of it: nothing. */
#include "command.h"
#include "figures.h"
#include "hoard.h"
#include "image.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"

/* actor with @p plan. */
static bool load_actor(struct test_run *t, unsigned plan) REQUIRES(may_park);
static bool load_actor(struct test_run *t, unsigned plan)
{
    struct image image;
    bool loaded;

    if (!image_copy(t, &image, "actor", 0))
        return false;
    image_plan(&image, plan);
    loaded = load_good(t, "actor", &image);
    image_free(&image);
    return loaded;
}

static void let_go(void)
{
    ((void (*)(void))function_named("actor_let_go"))();
}

TEST(load, unload_of_an_unknown_cell_is_refused)
{
    unload_bad(t, "nosuch", ERR_NOT_FOUND, TEXTS("nosuch: no such cell is loaded"));
    unload_bad(t, "", ERR_NOT_FOUND, TEXTS("no such cell is loaded"));
}

TEST(load, unload_of_a_used_cell_names_its_users)
{
    if (!load_good(t, "actor", NULL))
        return;
    unload_bad(t, "dep_e", ERR_BUSY, TEXTS("dep_e: is used by ", "actor", "dep_d"));
    unload_bad(t, "dep_a", ERR_BUSY, TEXTS("dep_a: is used by actor"));
    unload_bad(t, "hello", ERR_BUSY, TEXTS("hello: is used by ", "load_tests"));
    unload_good(t, ACTOR_AND_ALL);
}

/* None of them can go, and each refusal leaves the machine alive. */
TEST(load, unload_of_a_boot_cell_is_refused)
{
    struct cell_info cell;
    unsigned count = 0;

    for (unsigned i = 0; cell_get(i, &cell); i++) {
        struct why why = {.text = ""};
        enum status status;

        if (!cell.boot)
            continue;
        status = cell_unload(cell.name, &why);
        CHECK(t, status == ERR_BUSY && string_starts(why.text, cell.name), "%s: %s: %s", cell.name,
              status_name(status), why.text);
        count++;
    }
    CHECK(t, count >= 9, "%u boot cells", count);
}

static int run_command(void *argument)
{
    char *words[] = {"actor", "spin", NULL};
    struct command command;

    role_assert_may_park();
    if (!command_find("actor", &command, NULL))
        return 1;
    return command.run(argument ? 2 : 1, words);
}

/* Whether the task sleeps, or, with @p spins, runs, inside of the command by now. */
static bool is_inside(const struct task *task, bool spins)
{
    enum task_state state = task_state(task);

    return spins ? state == TASK_RUNNING && task->switches : state == TASK_PARKED;
}

static void check_busy(struct test_run *t, bool spins) REQUIRES(may_park);
static void check_busy(struct test_run *t, bool spins)
{
    OWN(task_handle) handle = {0};
    int result = -1;
    bool inside;

    if (!task_spawn(&handle, "inside actor", run_command, spins ? t : NULL)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!is_inside(handle.task, spins))
        task_yield();
    for (unsigned i = 0; spins && i < 100000; i++)
        (void)task_state(handle.task); /* until it is surely in there */
    unload_bad(t, "actor", ERR_BUSY, TEXTS("actor: task inside actor runs in it"));
    inside = is_loaded("actor");
    if (inside)
        let_go();
    task_unpark(handle.task);
    CHECK(t, task_join(&handle, &result) == OK && result == 0, "the command ended with %d", result);
}

TEST(load, unload_while_a_task_sleeps_in_the_cell_is_refused)
{
    if (!load_actor(t, 0))
        return;
    check_busy(t, false);
    unload_good(t, ACTOR_AND_ALL);
}

TEST(load, unload_while_a_task_runs_in_the_cell_is_refused)
{
    if (hart_count() == 1) {
        test_skip(t, "many harts only");
        return;
    }
    if (!load_actor(t, 0))
        return;
    check_busy(t, true);
    unload_good(t, ACTOR_AND_ALL);
}

/* Sleeps with every address of some text on its stack, where only return addresses count. */
static int sleeps_on_addresses(void *argument)
{
    volatile uint64_t words[512];
    uint64_t text = function_named("actor_sum");

    role_assert_may_park();
    for (unsigned i = 0; i < 512; i++)
        words[i] = text + 2 * i;
    while (!__atomic_load_n((uint32_t *)argument, __ATOMIC_ACQUIRE))
        task_park();
    return words[0] != text;
}

TEST(load, unload_is_not_refused_for_words_on_a_stack_that_nobody_returns_to)
{
    OWN(task_handle) handle = {0};
    uint32_t stop = 0;
    int result = -1;

    if (!load_actor(t, 0))
        return;
    if (!task_spawn(&handle, "on addresses", sleeps_on_addresses, &stop)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (task_state(handle.task) != TASK_PARKED)
        task_yield();
    unload_good(t, ACTOR_AND_ALL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    task_unpark(handle.task);
    CHECK(t, task_join(&handle, &result) == OK && result == 0, "the task ended with %d", result);
}

#define WORDS 64u

/* Copies an address of the text to and fro, in the nucleus, where a timer interrupts it with that in a register. */
static int copies_an_address(void *argument)
{
    uint64_t words[2][WORDS], text = function_named("actor_sum") + 2;

    for (unsigned i = 0; i < WORDS; i++)
        words[0][i] = text;
    while (!__atomic_load_n((uint32_t *)argument, __ATOMIC_ACQUIRE)) {
        memcpy(words[1], words[0], sizeof words[0]);
        memcpy(words[0], words[1], sizeof words[0]);
    }
    return words[0][0] != text;
}

/* On one hart it is always interrupted, and mostly within the nucleus. */
TEST(load, unload_is_not_refused_for_an_address_that_a_task_copies)
{
    OWN(task_handle) handle = {0};
    uint32_t stop = 0;
    int result = -1;

    if (!load_actor(t, 0))
        return;
    if (!task_spawn(&handle, "copies", copies_an_address, &stop)) {
        CHECK(t, false, "no memory");
        return;
    }
    for (unsigned i = 0; i < 10; i++) {
        task_yield();
        unload_good(t, ACTOR_AND_ALL);
        if (i < 9 && !load_actor(t, 0))
            break;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    CHECK(t, task_join(&handle, &result) == OK && result == 0, "the task ended with %d", result);
}

TEST(load, unload_while_an_object_lives_is_refused_and_the_cell_works_on)
{
    uint64_t from;

    if (!load_actor(t, START_KEEPS))
        return;
    from = log_end();
    unload_bad(t, "actor", ERR_BUSY, TEXTS("actor: 1 objects of its kind thing live"));
    log_check(t, from, TEXTS("actor stop", "actor start"));
    CHECK(t, ((uint64_t(*)(void))function_named("actor_sum"))() == ACTOR_SUM, "it does not work");
    let_go();
    unload_good(t, ACTOR_AND_ALL);
}

/* So want of memory cannot fail it halfway. */
TEST(load, unload_needs_no_memory)
{
    struct hoard singles = {0}, rest = {0};
    struct slots slots;

    if (!load_actor(t, 0))
        return;
    slots_note(&slots);
    hoard_take_all(&singles, 0, &rest);
    slots_take(&slots);
    unload_good(t, ACTOR_AND_ALL);
    slots_give(&slots);
    while (hoard_give(&rest))
        continue;
}

TEST(load, unload_is_refused_by_stop)
{
    if (!load_actor(t, STOP_REFUSES))
        return;
    unload_bad(t, "actor", ERR_BUSY, TEXTS("actor: its stop() refused: in use"));
    CHECK(t, ((uint64_t(*)(void))function_named("actor_sum"))() == ACTOR_SUM, "it does not work");
    let_go();
    unload_good(t, ACTOR_AND_ALL);
}

TEST(load, stop_that_faults_leaves_the_cell)
{
    if (!load_actor(t, STOP_FAULTS))
        return;
    unload_bad(t, "actor", ERR_FAULT, TEXTS("actor: its stop() refused: faulted"));
    let_go();
    unload_good(t, ACTOR_AND_ALL);
}

static int call_stale(void *function)
{
    ((void (*)(void))function)();
    return 0;
}

/* c.ebreak, twice. */
static bool is_poisoned(uint64_t address)
{
    return *(const uint32_t *)address == 0x90029002;
}

TEST(load, nothing_is_left_of_an_unloaded_cell)
{
    struct command command;
    struct symbol_info symbol;
    struct figures before;
    uint64_t sum, stub;

    figures_take(&before);
    if (!load_good(t, "actor", NULL) ||
        !CHECK(t, command_find("actor", &command, NULL), "no command"))
        return;
    sum = function_named("actor_sum");
    stub = (uint64_t)command.run;
    unload_good(t, ACTOR_AND_ALL);
    figures_check(t, &before, "after the unload");
    CHECK(t, !command_find("actor", &command, NULL), "the command is still there");
    CHECK(t, !symbol_find("actor_sum", &symbol), "the symbol is still there");
    CHECK(t, !symbol_at(sum, &symbol), "its text is still %s:%s", symbol.cell, symbol.name);
    CHECK(t, !symbol_at(stub, &symbol), "its stub is still %s:%s", symbol.cell, symbol.name);
    CHECK(t, is_poisoned(sum) && is_poisoned(stub), "0x%x is left of its text, 0x%x of its stub",
          *(const uint32_t *)sum, *(const uint32_t *)stub);
    CHECK(t, run_apart(call_stale, (void *)sum) == ERR_FAULT, "its text still runs");
    CHECK(t, run_apart(call_stale, (void *)stub) == ERR_FAULT, "its stub still runs");
}
