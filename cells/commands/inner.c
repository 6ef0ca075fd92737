/* A command within a command: what `run` and `time` run. Both are steps, and so one that is made of steps has
 * no frame of this cell below it while it waits: `time swap commands commands`. One that is a single call
 * has, and then this cell cannot be replaced before it ends. */
#include "commands.h"

struct inner {
    struct command_progress progress;
    int (*run)(int argc, char **argv);
    enum status (*step)(void *progress);
};

/* The inner command between two steps, in the words of the outer one; for the time of a step in a handle.
 * UNCHECKED, both: they move it between what is no handle and one. */
static void inner_lend(struct command_progress *outer, buffer *room) MAKES(*room) UNCHECKED
{
    room->bytes = (void *)outer->words[INNER];
}

static void inner_keep(struct command_progress *outer, buffer *room) TAKES(*room) UNCHECKED
{
    outer->words[INNER] = (uint64_t)room->bytes;
    room->bytes = NULL;
}

bool inner_begin(struct command_progress *outer, const struct command *command, int skip)
{
    OWN(buffer) room = {0};

    if (!buffer_make(&room, sizeof(struct inner))) {
        print("%s: no memory for a command\n", outer->argv[0]);
        return false;
    }
    *(struct inner *)room.bytes =
        (struct inner){.progress = {.argc = outer->argc - skip, .argv = outer->argv + skip},
                       .run = command->run,
                       .step = command->step};
    inner_keep(outer, &room);
    return true;
}

enum status inner_step(struct command_progress *outer)
{
    OWN(buffer) room = {0};
    enum status status = ERR_CANCELLED;
    struct inner *inner;

    inner_lend(outer, &room);
    inner = room.bytes;
    if (inner->run)
        inner->progress.status = inner->run(inner->progress.argc, inner->progress.argv);
    else
        status = inner->step(&inner->progress);
    if (status == OK || status == AGAIN) {
        inner_keep(outer, &room);
        return status;
    }
    outer->status = inner->progress.status;
    buffer_drop(&room);
    return status;
}
