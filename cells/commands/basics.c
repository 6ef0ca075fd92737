/* Commands that look at nothing: help, echo, clear, time, poweroff. */
#include "clock.h"
#include "commands.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "shell.h"
#include "text.h"

/* What fits behind a name into 80 columns. */
#define LIST_COLUMNS 67

static int first_line_bytes(const char *text)
{
    int bytes = 0;

    while (bytes < LIST_COLUMNS && text[bytes] && text[bytes] != '\n')
        bytes++;
    return bytes;
}

static int explain(const char *name) REQUIRES(may_park);
static int explain(const char *name)
{
    char owner[CELL_NAME_ROOM];
    struct command command;

    if (!command_find(name, &command, owner)) {
        print("help: there is no command %s (help lists them)\n", name);
        return 1;
    }
    print("usage: %s\n\n", command.usage);
    console_write(command.help, strlen(command.help));
    print("\n\nThis command comes from the cell %s.\n", owner);
    return 0;
}

static void list_commands_as_json(void) REQUIRES(may_park);
static void list_commands_as_json(void)
{
    char owner[CELL_NAME_ROOM];
    struct command command;
    struct json json;

    json_to_console(&json);
    json_array(&json, NULL);
    for (unsigned i = 0; set_get("command", i, &command, sizeof command, owner); i++) {
        json_object(&json, NULL);
        json_text(&json, "name", command.name);
        json_text(&json, "usage", command.usage);
        json_text(&json, "help", command.help);
        json_text(&json, "cell", owner);
        json_end(&json);
    }
    json_end(&json);
    json_finish(&json);
}

/* The command whose name comes next after @p last in the alphabet. @return false: none does. */
static bool next_by_name(const char *last, struct command *next)
{
    struct command command;
    bool found = false;

    for (unsigned i = 0; set_get("command", i, &command, sizeof command, NULL); i++) {
        if (strcmp(command.name, last) <= 0 || (found && strcmp(command.name, next->name) >= 0))
            continue;
        *next = command;
        found = true;
    }
    return found;
}

static void list_commands(void) REQUIRES(may_park);
static void list_commands(void)
{
    struct command command = {.name = ""};

    while (next_by_name(command.name, &command))
        print("  %-10s %.*s\n", command.name, first_line_bytes(command.help), command.help);
    print("help NAME says more about one. A; B runs both in turn, A & in the background.\n");
}

static int run_help(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, as_json ? 1 : 2))
        return usage_error("help");
    if (argc == 2)
        return explain(argv[1]);
    if (as_json)
        list_commands_as_json();
    else
        list_commands();
    return 0;
}

COMMAND(help, .run = run_help, .usage = "help [NAME | --json]",
        .help =
            "Lists the commands, or explains one.\n"
            "\n"
            "The commands come from the cells that are loaded; load a cell, and its commands\n"
            "are there. Words may be quoted ('...', \"...\", \\), # begins a comment, $? is the\n"
            "status of the command before. Tab completes names; Ctrl-C ends a command.");

static int run_echo(int argc, char **argv)
{
    role_assert_may_park();
    for (int i = 1; i < argc; i++) {
        if (i > 1)
            console_write(" ", 1);
        console_write(argv[i], strlen(argv[i]));
    }
    console_write("\n", 1);
    return 0;
}

COMMAND(echo, .run = run_echo, .usage = "echo [WORD...]",
        .help = "Prints its words, with a space between them.\n"
                "\n"
                "echo $? prints the status of the command before: 0 for success, 126 after a\n"
                "fault, 127 when there is no such command.");

static int run_clear(int argc, char **argv)
{
    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("clear");
    print("\x1b[H\x1b[2J");
    return 0;
}

COMMAND(clear, .run = run_clear, .usage = "clear", .help = "Clears the screen (as Ctrl-L does).");

/* What `time` keeps in command_progress.words behind INNER. */
enum { AS_JSON = INNER + 1, INSTRUCTIONS, NS };

static void show_cost(const struct command_progress *progress, int status) REQUIRES(may_park);
static void show_cost(const struct command_progress *progress, int status)
{
    uint64_t instructions = hart_instructions() - progress->words[INSTRUCTIONS];
    uint64_t ns = clock_now_ns() - progress->words[NS];
    struct json json;

    if (!progress->words[AS_JSON]) {
        print("time: %llu instructions, %llu ns\n", (unsigned long long)instructions,
              (unsigned long long)ns);
        return;
    }
    json_to_console(&json);
    json_object(&json, NULL);
    json_number(&json, "instructions", instructions);
    json_number(&json, "ns", ns);
    json_number(&json, "status", (uint64_t)status);
    json_end(&json);
    json_finish(&json);
}

/* @return the status when nothing is to be run, else 0. */
static int begin_time(struct command_progress *progress) REQUIRES(may_park);
static int begin_time(struct command_progress *progress)
{
    bool as_json = progress->argc > 1 && strcmp(progress->argv[1], "--json") == 0;
    int first = as_json ? 2 : 1;
    struct command command;

    if (progress->argc <= first || string_starts(progress->argv[first], "--"))
        return usage_error("time");
    if (!command_find(progress->argv[first], &command, NULL)) {
        print("time: there is no command %s\n", progress->argv[first]);
        return 127;
    }
    if (!inner_begin(progress, &command, first))
        return 1;
    progress->words[AS_JSON] = as_json;
    progress->words[NS] = clock_now_ns();
    progress->words[INSTRUCTIONS] = hart_instructions();
    return 0;
}

static enum status step_time(void *argument)
{
    struct command_progress *progress = argument;
    enum status status;

    role_assert_may_park();
    if (!progress->words[INNER]) {
        progress->status = begin_time(progress);
        if (progress->status)
            return ERR_CANCELLED;
    }
    status = inner_step(progress);
    if (status != OK && status != AGAIN)
        show_cost(progress, progress->status);
    return status;
}

COMMAND(time, .step = step_time, .usage = "time [--json] COMMAND [WORD...]",
        .help = "Runs a command and prints how long it took.\n"
                "\n"
                "Counted are the instructions that this hart retired, those of other tasks and\n"
                "of interrupts included. The figure is exact under ./mitos run --icount; without\n"
                "it, and when the command moves to another hart, it tells little. The status is\n"
                "that of the command.");

static int run_poweroff(int argc, char **argv)
{
    uint64_t status = 0;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 2) ||
        (argc == 2 && (!string_to_u64(argv[1], &status) || status > 127)))
        return usage_error("poweroff");
    shell_power_off((unsigned)status);
}

COMMAND(poweroff, .run = run_poweroff, .usage = "poweroff [STATUS]",
        .help = "Ends the machine.\n"
                "\n"
                "QEMU exits with STATUS, 0 to 127; 0 when it is left out.");
