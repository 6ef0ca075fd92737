/* Services and commands: tasks whose outermost function is the nucleus' own. */
#include "clock.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "task.h"
#include "test.h"

#define MS 1000000u

/* A service that counts its steps, and does what it is told in the last. */
struct counter {
    uint32_t steps, last; /* atomic: steps */
    enum status end;
};

static enum status count_step(void *argument)
{
    struct counter *counter = argument;
    uint32_t steps = __atomic_add_fetch(&counter->steps, 1, __ATOMIC_RELAXED);

    if (steps < counter->last)
        return OK;
    if (counter->end == ERR_FAULT)
        *(volatile uint64_t *)(uint64_t)steps = 0;
    return counter->end;
}

static enum status run_counter(struct test_run *t, struct counter *counter) REQUIRES(may_park);
static enum status run_counter(struct test_run *t, struct counter *counter)
{
    OWN(task_handle) task = {0};

    if (!task_spawn_service(&task, "counter", count_step, counter)) {
        CHECK(t, false, "no memory");
        return OK;
    }
    return task_join(&task, NULL);
}

TEST(task, service_ends_as_its_step_says)
{
    static const enum status ends[] = {ERR_CANCELLED, ERR_IO, ERR_FAULT};

    for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct counter counter = {.last = 3, .end = ends[i]};
        enum status end = run_counter(t, &counter);

        CHECK(t, end == (ends[i] == ERR_CANCELLED ? OK : ends[i]), "%u: ended with %s", i,
              status_name(end));
        CHECK(t, counter.steps == 3, "%u: %u steps", i, counter.steps);
    }
}

static int sum_lengths(int argc, char **argv)
{
    int sum = 100 * argc;

    role_assert_may_park();
    for (int i = 0; i < argc; i++)
        for (const char *at = argv[i]; *at; at++)
            sum++;
    return argv[argc] ? -1 : sum;
}

TEST(task, main_gets_its_words_and_gives_its_result)
{
    OWN(task_handle) task = {0};
    char one[] = "one", three[] = "three";
    char *words[] = {one, three, NULL};
    int result = 0;

    if (!task_spawn_main(&task, "main", sum_lengths, words)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, &result) == OK && result == 208, "result %d", result);
}

/* The number of words on the stack of @p task, which sleeps, that point into the text of cell @p name. */
static unsigned words_into(struct test_run *t, const struct task *task, const char *name)
{
    struct cell_info cell;
    unsigned count = 0;

    if (!CHECK(t, cell_find(name, &cell), "%s", name))
        return 0;
    for (uint64_t sp = task->registers.x[2]; sp < task->stack_high; sp += 8)
        count += *(const uint64_t *)sp - cell.text < cell.text_bytes;
    return count;
}

static bool fell_asleep(const struct task *task) REQUIRES(may_park);
static bool fell_asleep(const struct task *task)
{
    for (unsigned ms = 0; ms < 5000 && task_state(task) != TASK_PARKED; ms++)
        clock_sleep(MS);
    return task_state(task) == TASK_PARKED;
}

static int park_until_cancelled(void *unused)
{
    (void)unused;
    role_assert_may_park();
    while (!task_cancelled())
        task_park();
    return 0;
}

static enum status wait_until_cancelled(void *unused)
{
    (void)unused;
    return task_cancelled() ? ERR_CANCELLED : AGAIN;
}

static void end_sleeper(struct test_run *t, task_handle *task) TAKES(*task) REQUIRES(may_park);
static void end_sleeper(struct test_run *t, task_handle *task)
{
    CHECK(t, task_cancel(task->task->number) == OK, "it is not there");
    CHECK(t, task_join(task, NULL) == OK, "it faulted");
}

/* Else the cell task could not be replaced while any task sleeps. */
TEST(task, sleeping_task_has_no_frame_of_the_cell_task)
{
    OWN(task_handle) task = {0};

    if (!task_spawn(&task, "sleeper", park_until_cancelled, NULL)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, fell_asleep(task.task), "it is awake");
    CHECK(t, words_into(t, task.task, "task") == 0, "a frame of task");
    CHECK(t, words_into(t, task.task, "task_tests") > 0, "no frame of its own");
    end_sleeper(t, &task);
}

TEST(task, sleeping_service_has_no_frame_of_any_cell)
{
    OWN(task_handle) task = {0};
    struct cell_info cell;

    if (!task_spawn_service(&task, "service", wait_until_cancelled, NULL)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, fell_asleep(task.task), "it is awake");
    for (unsigned i = 0; cell_get(i, &cell); i++)
        CHECK(t, words_into(t, task.task, cell.name) == 0, "a frame of %s", cell.name);
    end_sleeper(t, &task);
}
