/* pack: turns objects into cells, and cells into the boot archive. Here: commands and their help.
 */
#include "pack.h"

#include <string.h>

static const struct command *const commands[] = {&cell_command, &check_command, &report_command,
                                                 &archive_command, &list_command,
                                                 &stand_in_command, &signatures_command,
                                                 &explain_command};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "pack: no command \"%s\" (see pack --help)\n", name);
    return PACK_USAGE;
}

static int print_help(const char *name)
{
    const struct command *command = name ? find_command(name) : NULL;

    if (name && !command)
        return unknown_command(name);
    if (command) {
        printf("usage: pack %s\n\n%s\n", command->usage, command->help);
        return PACK_OK;
    }
    printf("pack makes cells of objects, and the boot archive of cells.\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  pack %s\n", commands[i]->usage);
    printf("  pack help COMMAND\n  pack --version\n\n"
           "Exit status: 0 done; 1 refused, or not possible; 2 wrong use.\n");
    return PACK_OK;
}

int main(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2) {
        fprintf(stderr, "pack: it takes a command (see pack --help)\n");
        return PACK_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("pack %s\n", PACK_VERSION);
        return PACK_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return print_help(argc > 2 ? argv[2] : NULL);
    if (strcmp(argv[1], "--report") == 0 || strcmp(argv[1], "--explain") == 0)
        argv[1] += 2;
    command = find_command(argv[1]);
    return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
