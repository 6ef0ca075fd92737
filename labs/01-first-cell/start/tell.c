/* Lab 1, step 2: the application cell, a command of the shell. The handout says what it has to print. */
#include "command.h"
#include "console.h"
#include "tally.h"
#include "text.h"

static int tell(int argc, char **argv)
{
    role_assert_may_park(); /* a command may wait, as print() does */
    (void)argc;
    (void)argv;
    print("tell: not written yet\n");
    return 1;
}

COMMAND(tell, .run = tell, .usage = "tell NUMBER...", .help = "Adds numbers, and tells what is known of all.");

CELL(.name = "tell", .version = "1.0", .summary = "The command tell, which adds numbers to the tally");
