/* The application of the sample lab. */
#include "command.h"
#include "console.h"
#include "sample_tally.h"
#include "words.h"

static int count_bytes(int argc, char **argv)
{
    role_assert_may_park();
    print("%lu\n", tally_add(words_bytes(argc, argv)));
    return 0;
}

COMMAND(sample_app, .usage = "sample_app [WORD...]", .help = "counts the bytes of words, over all calls",
        .run = count_bytes);

CELL(.name = "sample_app", .version = "1.0", .summary = "Counts bytes: the application of a lab for tests");
