/* A command without a readable name (README.md). */
#include "cell.h"
#include "command.h"

static int run_never(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

CELL_SET_ENTRY(command, struct command, broken) = {
    .name = (const char *)8, .run = run_never, .usage = "", .help = ""};

CELL(.name = "shell_breaker", .version = "1.0",
     .summary = "A command whose name cannot be read, for the tests of the shell.");
