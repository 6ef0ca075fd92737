/* Tasks that sleep for ever, for measurements: the machine is powered off after them. */
#include "command.h"
#include "console.h"
#include "task.h"
#include "text.h"

/* Wake-ups may be spurious. */
static enum status sleep_on(void *unused)
{
    (void)unused;
    return AGAIN;
}

static int run_sleepers(int argc, char **argv)
{
    uint64_t count;

    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &count))
        return 2;
    for (uint64_t i = 0; i < count; i++) {
        OWN(task_handle) task = {0};

        if (!task_spawn_service(&task, "sleeper", sleep_on, NULL)) {
            print("sleepers: no memory for task %lu\n", i);
            return 1;
        }
        task_detach(&task);
    }
    return 0;
}
COMMAND(sleepers, .run = run_sleepers, .usage = "sleepers N",
        .help = "starts N tasks that sleep until the machine is powered off");

CELL(.name = "sleepers", .version = "1.0", .summary = "Tasks that sleep, for measurements");
