/* What all commands have in common, whichever cell they come from. */
#include "command.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/why.h"
#include "test.h"
#include "text.h"

/* What the list of `help` shows of the first line; more is cut. */
#define LIST_COLUMNS 67

/* The longest line of @p text, in bytes. */
static size_t longest_line(const char *text)
{
    size_t longest = 0;

    while (*text) {
        const char *end = strchr(text, '\n');
        size_t bytes = end ? (size_t)(end - text) : strlen(text);

        if (bytes > longest)
            longest = bytes;
        text += bytes + (end != NULL);
    }
    return longest;
}

static size_t first_line(const char *text)
{
    const char *end = strchr(text, '\n');

    return end ? (size_t)(end - text) : strlen(text);
}

TEST(shell, every_command_is_documented)
{
    char owner[CELL_NAME_ROOM];
    struct cell_info cell;
    struct command command;

    for (unsigned i = 0; set_get("command", i, &command, sizeof command, owner); i++) {
        CHECK(t, command.name && command.usage && command.help, "number %u", i);
        CHECK(t, !command.run != !command.step, "%s: either run or step", command.name);
        CHECK(t, string_starts(command.usage, command.name), "%s: %s", command.name, command.usage);
        CHECK(t, strlen(command.usage) + strlen("usage: ") <= 80, "%s", command.name);
        CHECK(t, longest_line(command.help) <= 80, "%s: help", command.name);
        if (cell_find(owner, &cell) && cell.boot)
            CHECK(t, first_line(command.help) <= LIST_COLUMNS, "%s: cut in the list", command.name);
        CHECK(t, strlen(command.help) > 10, "%s: help", command.name);
    }
}

TEST(shell, every_command_has_its_own_name)
{
    struct command command, first;
    char owner[CELL_NAME_ROOM], first_owner[CELL_NAME_ROOM];

    for (unsigned i = 0; set_get("command", i, &command, sizeof command, owner); i++) {
        CHECK(t, command_find(command.name, &first, first_owner), "%s", command.name);
        CHECK(t, first.run == command.run && first.step == command.step, "%s of %s hides that of %s", command.name,
              first_owner, owner);
    }
}

TEST(shell, command_find_knows_no_others)
{
    struct command command;

    CHECK(t, command_find("echo", &command, NULL), "echo");
    CHECK(t, !command_find("", &command, NULL), "the empty name");
    CHECK(t, !command_find("ech", &command, NULL), "a beginning");
    CHECK(t, !command_find("echoo", &command, NULL), "a longer name");
}
