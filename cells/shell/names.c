/* Names from the tables of the nucleus: for completion, and for what to say about an unknown
 * command. The tables hand out copies, so nothing is locked while a visitor runs. */
#include "names.h"
#include "inspect.h"

#include "command.h"
#include "completion.h"
#include "console.h"
#include "nearest.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "shell_state.h"
#include "text.h"

#define LISTED_MOST 200u

typedef void (*name_visitor)(const char *name, void *argument);

static void each_command(name_visitor visit, void *argument)
{
    struct command command;

    for (unsigned i = 0; set_get("command", i, &command, sizeof command, NULL); i++)
        visit(command.name, argument);
}

/* Cuts `.cell` off the name of a file of the archive. @return false: it is no cell. */
static bool cell_of_file(const char *file, char name[CELL_NAME_ROOM])
{
    const char *end = strstr(file, ".cell");

    if (!end || end[5] || end - file >= CELL_NAME_ROOM || strchr(file, '/'))
        return false;
    memcpy(name, file, (size_t)(end - file));
    name[end - file] = '\0';
    return true;
}

static void each_cell(name_visitor visit, void *argument)
{
    struct cell_info cell;
    char name[CELL_NAME_ROOM];
    const char *file;
    const void *bytes;
    size_t length;

    for (unsigned i = 0; cell_get(i, &cell); i++)
        visit(cell.name, argument);
    for (unsigned i = 0; archive_get(NULL, i, &file, &bytes, &length); i++)
        if (cell_of_file(file, name) && !cell_find(name, &cell))
            visit(name, argument);
}

/* The files of the archive that only their path names: other versions of cells. */
static void each_file(name_visitor visit, void *argument)
{
    const char *file;
    const void *bytes;
    size_t length;

    for (unsigned i = 0; archive_get(NULL, i, &file, &bytes, &length); i++)
        if (strchr(file, '/'))
            visit(file, argument);
}

static void each_symbol(name_visitor visit, void *argument)
{
    struct symbol_info symbol;

    for (unsigned i = 0; symbol_get(i, &symbol); i++)
        visit(symbol.name, argument);
}

static void each_name(unsigned sources, name_visitor visit, void *argument)
{
    if (sources & NAMES_COMMANDS)
        each_command(visit, argument);
    if (sources & NAMES_CELLS)
        each_cell(visit, argument);
    if (sources & NAMES_FILES)
        each_file(visit, argument);
    if (sources & NAMES_SYMBOLS)
        each_symbol(visit, argument);
}

static void offer(const char *name, void *argument)
{
    struct completion *completion = argument;

    completion_offer(completion, name);
}

/* Candidates in columns. */
struct listing {
    struct completion *completion;
    unsigned widest, column, listed;
};

static void measure(const char *name, void *argument)
{
    struct listing *listing = argument;
    unsigned bytes = (unsigned)strlen(name);

    if (string_starts(name, listing->completion->word) && bytes > listing->widest)
        listing->widest = bytes;
}

static void list_name(const char *name, void *argument)
{
    struct listing *listing = argument;
    unsigned width = listing->widest + 2;

    role_assert_may_park(); /* called by list_names() only */
    if (!string_starts(name, listing->completion->word) || listing->listed == LISTED_MOST)
        return;
    listing->listed++;
    if (listing->column + width > LINE_COLUMNS && listing->column > 0) {
        print("\n");
        listing->column = 0;
    }
    print("%-*s", (int)width, name);
    listing->column += width;
}

static void list_names(struct completion *completion) REQUIRES(may_park)
{
    struct listing listing = {.completion = completion};

    each_name(completion->sources, measure, &listing);
    each_name(completion->sources, list_name, &listing);
    print("\n");
    if (completion->count > listing.listed)
        print("... and %u more\n", completion->count - listing.listed);
}

void names_complete(struct shell *shell)
{
    struct line *line = &shell->line;
    struct completion completion;

    if (!completion_begin(&completion, line)) {
        line_bell(line);
        return;
    }
    each_name(completion.sources, offer, &completion);
    if (completion_insert(&completion, line))
        return;
    if (completion.count == 0 || line->tabs < 2) {
        line_bell(line);
        return;
    }
    line_hide(line);
    shell_send(shell);
    list_names(&completion);
    line_show(line);
}

static void offer_nearest(const char *name, void *argument)
{
    struct nearest *nearest = argument;

    nearest_offer(nearest, name);
}

struct archive_search {
    const char *name;
    bool found;
};

static void compare_name(const char *name, void *argument)
{
    struct archive_search *search = argument;

    search->found |= strcmp(name, search->name) == 0;
}

void names_explain_unknown(const char *name)
{
    struct nearest nearest = {.typed = name};
    struct archive_search search = {.name = name};

    each_cell(compare_name, &search);
    each_command(offer_nearest, &nearest);
    if (search.found)
        print("%s: no such command, but a cell has this name (try run %s)\n", name, name);
    else if (nearest.distance)
        print("%s: no such command, did you mean %s? (try help; or load a cell that has it)\n",
              name, nearest.name);
    else
        print("%s: no such command (try help; or load a cell that has it)\n", name);
}
