/**
 * @file command.h
 * Commands of the shell: any cell may contribute some.
 */
#ifndef MITOS_COMMAND_H
#define MITOS_COMMAND_H

#include "cell.h"
#include "inspect.h"
#include "nucleus/string.h"
#include "nucleus/task.h"
#include "own.h"

/**
 * One command. run() is called in a task of its own, so it may park. It prints with print()
 * (console.h) and returns the command's status: 0 for success, 1 to 125 for a failure that it has
 * explained, 2 for wrong use (print the usage line then). 126 and 127 are the shell's: a fault, and
 * no such command.
 * @p argv has @p argc words, argv[0] being the command's name; words were split by the shell
 * (quotes and backslash understood) and live as long as the call.
 */
struct command {
    const char *name;
    const char *usage; /* "unload CELL" */
    const char *help;  /* one line first, then what a person needs, lines to 80 columns */
    int (*run)(int argc, char **argv); /* holds may_park: begin with role_assert_may_park() */
    /* Instead of run, for a command that waits without bound, or while cells that include its own are
     * replaced: a service (task_service()), which ends by returning ERR_CANCELLED. */
    enum status (*step)(void *progress);
};

/** All that a command made of steps knows between two of them; owned by whoever runs it. */
struct command_progress {
    int argc;
    char **argv;
    int status;        /* of the command, set by it */
    uint64_t words[6]; /* its own, zero at first */
};

#define COMMAND(ident, ...)                                                                        \
    CELL_SET_ENTRY(command, struct command, ident) = {.name = #ident, __VA_ARGS__}

/** Copies the command called @p name into @p found; @p owner (may be NULL) is the cell it comes
 * from. */
static inline bool command_find(const char *name, struct command *found, char owner[CELL_NAME_ROOM])
{
    for (unsigned i = 0; set_get("command", i, found, sizeof *found, owner); i++)
        if (strcmp(found->name, name) == 0)
            return true;
    return false;
}

#endif
