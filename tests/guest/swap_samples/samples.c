/* Commands for the tests of swaps (README.md). */
#include "cell.h"
#include "clock.h"
#include "command.h"
#include "console.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "swap_samples.h"
#include "text.h"

#ifndef SECOND
#define SECOND false
#endif

#define MS 1000000u

struct samples_state {
    uint32_t stop;      /* atomic; ends `numbers` */
    uint64_t linger_ms; /* of the next version's init() */
};
CELL_STATE(struct samples_state);

EXPORT unsigned samples_version(void)
{
    return SECOND ? 2 : 1;
}

static int run_which(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    role_assert_may_park();
    print("this is the %s version\n", SECOND ? "second" : "first");
    if (SECOND)
        print("its company calls version %u, and points to version %u\n", company_calls(),
              company_points());
    return 0;
}

COMMAND(which, .run = run_which, .usage = "which", .help = "Says which version's text runs.");

/* Sleeps within a step, for a bounded time, with a frame here and in no other cell. */
static enum status step_numbers(void *argument)
{
    struct command_progress *progress = argument;

    role_assert_may_park();
    if (progress->argc > 1) {
        __atomic_store_n(&state.stop, 1, __ATOMIC_RELAXED);
        return ERR_CANCELLED;
    }
    if (task_cancelled() || __atomic_exchange_n(&state.stop, 0, __ATOMIC_RELAXED)) {
        print("%llu numbers\n", (unsigned long long)progress->words[0]);
        return ERR_CANCELLED;
    }
    print("<%llu>\n", (unsigned long long)progress->words[0]++);
    clock_sleep(MS);
    return OK;
}

COMMAND(numbers, .step = step_numbers, .usage = "numbers [stop]",
        .help = "Prints numbers, one in a millisecond, until Ctrl-C or numbers stop.");

COMMAND(swap_samples, .step = step_numbers, .usage = "swap_samples",
        .help = "The same as numbers, for the command run.");

static int run_linger(int argc, char **argv)
{
    role_assert_may_park();
    if (argc == 2 && string_to_u64(argv[1], &state.linger_ms))
        return 0;
    print("usage: linger MS\n");
    return 2;
}

COMMAND(linger, .run = run_linger, .usage = "linger MS",
        .help = "Makes the init() of the version that comes next take so long.");

static int run_keep(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    role_assert_may_park();
    print("nobody leaves\n");
    while (!task_cancelled())
        clock_sleep(MS);
    return 0;
}

COMMAND(keep, .run = run_keep, .usage = "keep", .help = "Has a frame in this cell until Ctrl-C.");

static enum status init(enum cell_reason reason)
{
    uint64_t end = hart_ticks() + state.linger_ms * (machine_timebase() / 1000);

    while (reason == REASON_SWAP && hart_ticks() < end)
        continue;
    return OK;
}

CELL(.name = "swap_samples", .version = "1.0",
     .summary = "Two versions that differ, and commands to run while cells are replaced", .init = init);
