/* The life of tasks: spawn, join, detach, exit, cancel, faults. */
#include "clock.h"
#include "figures.h"
#include "group.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "test.h"

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
    figures_check(t, &before);
}

static int count_one(void *argument)
{
    role_assert_may_park();
    __atomic_fetch_add((uint32_t *)argument, 1, __ATOMIC_RELEASE);
    return 0;
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
    figures_settle(&before);
    figures_check(t, &before);
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
    figures_settle(&before);
    figures_check(t, &before);
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
