/* Notes that are kept for ever, for measurements: the machine is powered off after them. */
#include "command.h"
#include "console.h"
#include "notes.h"
#include "text.h"

static int run_keep(int argc, char **argv)
{
    uint64_t count;

    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &count))
        return 2;
    for (uint64_t i = 0; i < count; i++) {
        if (!notes_make(i)) {
            print("keep_notes: no memory for note %lu\n", i);
            return 1;
        }
    }
    return 0;
}
COMMAND(keep_notes, .run = run_keep, .usage = "keep_notes N",
        .help = "makes N notes that are kept until the machine is powered off");

CELL(.name = "note_keeper", .version = "1.0", .summary = "Keeps notes, for measurements");
