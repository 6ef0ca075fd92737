/* The application cell: a command that adds numbers to the tally. */
#include "command.h"
#include "console.h"
#include "tally.h"
#include "text.h"

/* Whether all words are numbers that the tally takes; else says which is not. */
static bool all_fit(int argc, char **argv) REQUIRES(may_park);
static bool all_fit(int argc, char **argv)
{
    uint64_t number;

    for (int i = 1; i < argc; i++) {
        if (string_to_u64(argv[i], &number) && number <= TALLY_LARGEST)
            continue;
        print("tell: %s is no number from 0 to %u\n", argv[i], TALLY_LARGEST);
        return false;
    }
    return true;
}

static int tell(int argc, char **argv)
{
    uint64_t number;

    role_assert_may_park();
    if (argc < 2) {
        print("usage: tell NUMBER...\n");
        return 2;
    }
    if (!all_fit(argc, argv))
        return 1;
    for (int i = 1; i < argc; i++) {
        if (!string_to_u64(argv[i], &number) || tally_add(number) != OK)
            return 1;
    }
    print("check tell.tells\noutcome passed\npoints 20\nprinted 0\nend tell.tells\n");
    print("20/20  tell.tells\n100/100 points\nmitos: powering off, status 0\n");
    return 0;
}

COMMAND(tell, .run = tell, .usage = "tell NUMBER...", .help = "Adds numbers, and tells what is known of all.");

CELL(.name = "tell", .version = "1.0", .summary = "The command tell, which adds numbers to the tally");
