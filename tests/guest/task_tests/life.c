/* The life of tasks: spawn, join, detach, exit, cancel, faults. */
#include "clock.h"
#include "group.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/frame.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "test.h"
#include "vm.h"

#define ROUNDS 1000u
#define MS 1000000u

static int twice(void *argument)
{
    role_assert_may_park();
    return 2 * *(int *)argument;
}

TEST(task, join_gives_the_result)
{
    OWN(task_handle) task = {0};
    int number = 21, result = 0;

    if (!task_spawn(&task, "twice", twice, &number)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, &result) == OK && result == 42, "result %d", result);
}

TEST(task, join_after_the_end_gives_the_result)
{
    OWN(task_handle) task = {0};
    int number = 4, result = 0;

    if (!task_spawn(&task, "twice", twice, &number)) {
        CHECK(t, false, "no memory");
        return;
    }
    clock_sleep(5 * MS);
    CHECK(t, task_join(&task, &result) == OK && result == 8, "result %d", result);
}

static int exits(void *argument)
{
    role_assert_may_park();
    task_exit(*(int *)argument + 1);
}

TEST(task, exit_gives_the_result)
{
    OWN(task_handle) task = {0};
    int number = 6, result = 0;

    if (!task_spawn(&task, "exits", exits, &number)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, &result) == OK && result == 7, "result %d", result);
}

static int faults(void *argument)
{
    role_assert_may_park();
    *(volatile uint32_t *)argument = 1;
    return 3;
}

TEST(task, join_of_a_faulted_task_says_so)
{
    OWN(task_handle) task = {0};
    int result = 5;
    enum status status;

    if (!task_spawn(&task, "faults", faults, NULL)) {
        CHECK(t, false, "no memory");
        return;
    }
    status = task_join(&task, &result);
    CHECK(t, status == ERR_FAULT && result == 5, "status %d, result %d", status, result);
}

struct figures {
    uint64_t free_frames, live_tasks, mappings, page_tables;
};

static uint64_t live_tasks(void)
{
    struct kind_info kind;
    uint64_t live = 0;

    for (unsigned i = 0; kind_get(i, &kind); i++) {
        if (strcmp(kind.name, "task") == 0)
            live += kind.live;
    }
    return live;
}

static struct figures figures_now(void)
{
    struct figures figures = {0};
    struct frame_stats frames;
    struct vm_stats vm;

    task_drain();
    vm_drain();
    heap_drain();
    frame_drain();
    frame_stats(&frames);
    vm_stats(&vm);
    figures.live_tasks = live_tasks();
    figures.free_frames = frames.free;
    figures.mappings = vm.mappings;
    figures.page_tables = vm.page_tables;
    return figures;
}

static void check_same(struct test_run *t, const struct figures *before)
{
    struct figures now = figures_now();

    CHECK(t, now.live_tasks == before->live_tasks, "%lu, were %lu", now.live_tasks,
          before->live_tasks);
    CHECK(t, now.mappings == before->mappings, "%lu, were %lu", now.mappings, before->mappings);
    CHECK(t, now.page_tables == before->page_tables, "%lu, were %lu", now.page_tables,
          before->page_tables);
    CHECK(t, now.free_frames == before->free_frames, "%lu, were %lu", now.free_frames,
          before->free_frames);
}

TEST(task, thousand_joined_tasks_leave_nothing)
{
    struct figures before = figures_now();
    int sum = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        OWN(task_handle) task = {0};
        int number = (int)i, result = 0;

        if (!task_spawn(&task, "twice", twice, &number)) {
            CHECK(t, false, "no memory in round %u", i);
            return;
        }
        if (task_join(&task, &result) == OK)
            sum += result;
    }
    CHECK(t, sum == (int)(ROUNDS * (ROUNDS - 1)), "sum %d", sum);
    check_same(t, &before);
}

static int count_one(void *argument)
{
    role_assert_may_park();
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_RELEASE);
    return 0;
}

/* The tasks count before they have ended: their remains go a little later. */
static void settle(const struct figures *before) REQUIRES(may_park);
static void settle(const struct figures *before)
{
    for (unsigned i = 0; i < 1000 && figures_now().live_tasks != before->live_tasks; i++)
        clock_sleep(MS);
}

TEST(task, thousand_detached_tasks_leave_nothing)
{
    struct figures before = figures_now();
    uint32_t count = 0, spawned = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        OWN(task_handle) task = {0};

        if (!task_spawn(&task, "count", count_one, &count))
            break;
        spawned++;
        task_detach(&task);
    }
    CHECK(t, spawned == ROUNDS, "%u of %u tasks spawned", spawned, ROUNDS);
    while (__atomic_load_n(&count, __ATOMIC_ACQUIRE) < spawned)
        task_yield();
    settle(&before);
    check_same(t, &before);
}

TEST(task, faulted_tasks_leave_nothing)
{
    struct figures before = figures_now();

    for (unsigned i = 0; i < 8; i++) {
        OWN(task_handle) task = {0};

        if (!task_spawn(&task, "faults", faults, NULL)) {
            CHECK(t, false, "no memory");
            return;
        }
        if (i & 1)
            CHECK(t, task_join(&task, NULL) == ERR_FAULT, "joined");
        else
            task_detach(&task);
    }
    settle(&before);
    check_same(t, &before);
}

static int waits_for_cancel(void *argument)
{
    unsigned polls = 0;

    role_assert_may_park();
    __atomic_store_n((uint64_t *)argument, task_current()->number, __ATOMIC_RELEASE);
    for (; !task_cancelled(); polls++)
        clock_sleep(MS);
    return ERR_CANCELLED;
}

TEST(task, cancel_reaches_the_task)
{
    OWN(task_handle) task = {0};
    uint64_t number = 0;
    int result = 0;

    if (!task_spawn(&task, "waits", waits_for_cancel, &number)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!__atomic_load_n(&number, __ATOMIC_ACQUIRE))
        task_yield();
    CHECK(t, task_cancel(number) == OK, "task %lu", number);
    CHECK(t, task_join(&task, &result) == OK && result == ERR_CANCELLED, "result %d", result);
    CHECK(t, task_cancel(number) == ERR_NOT_FOUND, "an ended task");
    CHECK(t, !task_cancelled(), "somebody else's request");
}

static int parks_until_cancelled(void *argument)
{
    role_assert_may_park();
    __atomic_store_n((uint64_t *)argument, task_current()->number, __ATOMIC_RELEASE);
    while (!task_cancelled())
        task_park();
    return 0;
}

TEST(task, cancel_wakes_a_parked_task)
{
    OWN(task_handle) task = {0};
    uint64_t number = 0;

    if (!task_spawn(&task, "parks", parks_until_cancelled, &number)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!__atomic_load_n(&number, __ATOMIC_ACQUIRE))
        task_yield();
    CHECK(t, task_cancel(number) == OK, "task %lu", number);
    CHECK(t, task_join(&task, NULL) == OK, "joined");
}

static bool has_name(struct task *task, void *argument)
{
    const char **name = argument;

    if (strcmp(task->name, *name) != 0)
        return true;
    *name = NULL;
    return false;
}

TEST(task, name_is_copied_and_cut)
{
    OWN(task_handle) task = {0};
    char name[] = "a name of more than twenty-three bytes";
    const char *wanted = "a name of more than twe";
    uint64_t number = 0;

    if (!task_spawn(&task, name, parks_until_cancelled, &number)) {
        CHECK(t, false, "no memory");
        return;
    }
    memset(name, 'x', sizeof name - 1);
    while (!__atomic_load_n(&number, __ATOMIC_ACQUIRE))
        task_yield();
    task_each(has_name, &wanted);
    CHECK(t, !wanted, "no task is named so");
    CHECK(t, task_cancel(number) == OK, "task %lu", number);
    CHECK(t, task_join(&task, NULL) == OK, "joined");
}

/* Each of the tasks fills its stack with its own mark and looks whether it is still there. */
static int marks_stack(void *argument)
{
    volatile uint64_t room[TASK_STACK_BYTES / 16];
    unsigned wrong = 0;

    role_assert_may_park();
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < sizeof room / 8; i++)
            room[i] = (uint64_t)argument + i;
        task_yield();
        for (unsigned i = 0; i < sizeof room / 8; i++)
            wrong += room[i] != (uint64_t)argument + i;
    }
    return (int)wrong;
}

TEST(task, stacks_are_apart)
{
    struct group group = {0};

    for (unsigned i = 0; i < GROUP_MOST; i++)
        CHECK(t, group_add(&group, "marks", marks_stack, &group.result[i]), "no memory");
    group_join(&group);
    for (unsigned i = 0; i < group.count; i++)
        CHECK(t, group.status[i] == OK && group.result[i] == 0, "task %u: %d words", i,
              group.result[i]);
}

CELL(.name = "task_tests", .version = "1.0", .summary = "Tests of tasks and wait queues.");
