/* A restartable task that does nothing but fault (README.md). */
#include "cell.h"
#include "clock.h"
#include "command.h"
#include "task.h"

#define MS 1000000u
#define ROW 5u /* restarts, after which the pause is long enough to do something in it */

static int fault(void *argument)
{
    *(volatile uint64_t *)argument = **(uint64_t **)argument;
    return 0;
}

static enum status fault_step(void *argument)
{
    return (enum status)fault(argument);
}

static bool spawn(task_handle *task, bool service) TRY_MAKES(*task);
static bool spawn(task_handle *task, bool service)
{
    uint64_t *nowhere = (uint64_t *)8;

    if (service)
        return task_spawn_restartable_service(task, "faulty", fault_step, &nowhere, sizeof nowhere,
                                              0);
    return task_spawn_restartable(task, "faulty", fault, &nowhere, sizeof nowhere);
}

static int run_faulter(int argc, char **argv)
{
    OWN(task_handle) task = {0};
    struct task_restarts restarts;

    (void)argv;
    role_assert_may_park();
    if (!spawn(&task, argc > 1))
        return 1;
    do {
        clock_sleep(MS);
        task_restarts_get(task.task, &restarts);
    } while (restarts.in_row < ROW);
    task_detach(&task);
    return 0;
}

COMMAND(faulter, .run = run_faulter, .usage = "faulter [service]",
        .help = "Leaves a task behind that faults, and waits for its next start.");

CELL(.name = "faulter", .version = "1.0", .summary = "A restartable task that always faults.");
