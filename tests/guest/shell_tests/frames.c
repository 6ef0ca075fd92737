/* Where the shell is not: on the stacks of the commands that it runs. */
#include "clock.h"
#include "inspect.h"
#include "nucleus/string.h"
#include "nucleus/task.h"
#include "test.h"

#define MS 1000000u

struct frame_search {
    struct cell_info shell;
    unsigned words, tasks;
};

/* Tasks that sleep: also the one of the command `test`, which waits for the end of this test. */
static bool count_words(struct task *task, void *argument)
{
    struct frame_search *search = argument;

    if (task_state(task) != TASK_PARKED)
        return true;
    search->tasks++;
    for (uint64_t sp = task->registers.x[2]; sp < task->stack_high; sp += 8)
        search->words += *(const uint64_t *)sp - search->shell.text < search->shell.text_bytes;
    return true;
}

/* Else the shell could not be replaced while a command runs, such as this one. */
TEST(shell, is_on_no_sleeping_stack)
{
    struct frame_search search;

    memset(&search, 0, sizeof search);
    if (!CHECK(t, cell_find("shell", &search.shell), "no shell"))
        return;
    clock_sleep(5 * MS);
    task_each(count_words, &search);
    CHECK(t, search.tasks > 0, "nobody sleeps");
    CHECK(t, search.words == 0, "%u words of %u tasks", search.words, search.tasks);
}
