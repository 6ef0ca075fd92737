/* Commands that misbehave in one way each. */
#include "clock.h"
#include "command.h"
#include "console.h"
#include "task.h"
#include "text.h"

#define MS 1000000u

struct shell_tests_state {
    uint32_t hear; /* set by `hear`, ends `deaf` */
};

CELL_STATE(struct shell_tests_state);

static int run_words(int argc, char **argv)
{
    role_assert_may_park();
    for (int i = 1; i < argc; i++)
        print("[%s]", argv[i]);
    print("%s\n", argv[argc] ? " and no end" : "");
    return 0;
}

COMMAND(words, .run = run_words, .usage = "words [WORD...]",
        .help = "Prints each word in brackets.");

static int run_status(int argc, char **argv)
{
    uint64_t status = 0;

    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &status)) {
        print("usage: status NUMBER\n");
        return 2;
    }
    return (int)status;
}

COMMAND(status, .run = run_status, .usage = "status NUMBER", .help = "Ends with status NUMBER.");

static int run_faulty(int argc, char **argv)
{
    role_assert_may_park();
    print("%s writes to address %d\n", argv[0], argc);
    *(volatile int *)(uintptr_t)argc = 0;
    return 0;
}

COMMAND(faulty, .run = run_faulty, .usage = "faulty",
        .help = "Writes to a small address: a fault.");

static int run_sleeper(int argc, char **argv)
{
    (void)argc;
    role_assert_may_park();
    print("%s sleeps\n", argv[0]);
    while (!task_cancelled())
        task_park();
    print("%s was woken\n", argv[0]);
    return 5;
}

COMMAND(sleeper, .run = run_sleeper, .usage = "sleeper",
        .help = "Sleeps until Ctrl-C, then ends with status 5.");

static int run_spinner(int argc, char **argv)
{
    uint64_t rounds = 0;

    (void)argc;
    role_assert_may_park();
    print("%s spins\n", argv[0]);
    while (!task_cancelled())
        rounds++;
    print("%s stops after %s rounds\n", argv[0], rounds ? "many" : "no");
    return 6;
}

COMMAND(spinner, .run = run_spinner, .usage = "spinner",
        .help = "Computes until Ctrl-C, then ends with status 6.");

static int run_deaf(int argc, char **argv)
{
    (void)argc;
    role_assert_may_park();
    print("%s listens to nobody\n", argv[0]);
    while (!__atomic_load_n(&state.hear, __ATOMIC_ACQUIRE))
        clock_sleep(MS);
    return 0;
}

COMMAND(deaf, .run = run_deaf, .usage = "deaf", .help = "Ignores Ctrl-C; hear ends it.");

static int run_hear(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    role_assert_may_park();
    __atomic_store_n(&state.hear, 1, __ATOMIC_RELEASE);
    return 0;
}

COMMAND(hear, .run = run_hear, .usage = "hear", .help = "Ends the command deaf.");

static int run_soon(int argc, char **argv)
{
    uint64_t ms = 0;

    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &ms)) {
        print("usage: soon MILLISECONDS\n");
        return 2;
    }
    clock_sleep(ms * MS);
    return 0;
}

COMMAND(soon, .run = run_soon, .usage = "soon MILLISECONDS", .help = "Ends after some time.");

/* A service: each step waits for 1 ms, between two it has no frame here. Unchecked: the timer lives in the
 * progress from one step to the next. */
static enum status step_steps(void *argument) UNCHECKED
{
    struct command_progress *progress = argument;
    uint64_t *left = &progress->words[0], *begun = &progress->words[1];

    role_assert_may_park();
    if (!*begun) {
        *begun = 1;
        if (progress->argc != 3 || !string_to_u64(progress->argv[1], left)) {
            print("usage: steps NUMBER STATUS\n");
            progress->status = 2;
            return ERR_CANCELLED;
        }
    }
    if ((*left)-- > 0) {
        clock_sleep(MS);
        return OK;
    }
    print("%s is done\n", progress->argv[0]);
    progress->status = progress->argv[2][0] - '0';
    if (progress->status == 9)
        *(volatile int *)(uintptr_t)progress->argc = 0;
    return ERR_CANCELLED;
}

COMMAND(steps, .step = step_steps, .usage = "steps NUMBER STATUS",
        .help = "Takes that many steps, then ends with STATUS; 9: with a fault.");

CELL(.name = "shell_tests", .version = "1.0",
     .summary = "Commands that the tests of the shell need, and tests of all commands.");
