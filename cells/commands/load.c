/* Commands that change which cells there are: load, unload, run. */
#include "commands.h"

#include "inspect.h"
#include "nucleus/why.h"
#include "text.h"

static unsigned count_cells(void)
{
    struct cell_info cell;
    unsigned count = 0;

    while (cell_get(count, &cell))
        count++;
    return count;
}

/* Loads @p word, a name or a path, and says what came with it. */
static bool load_cell(const char *word) REQUIRES(may_park);
static bool load_cell(const char *word)
{
    unsigned before = count_cells();
    struct cell_source source;
    struct cell_info cell;
    struct why why = {0};
    enum status status = ERR_NOT_FOUND;

    if (cell_source_find(&source, word, &why))
        status = cell_load_image(source.name, source.image, source.bytes, &why);
    if (status != OK) {
        print("load: %s\n", why.text[0] ? why.text : status_name(status));
        return false;
    }
    print("loaded");
    for (unsigned i = before; cell_get(i, &cell); i++)
        print(" %s", cell.name);
    print("\n");
    return true;
}

static int run_load(int argc, char **argv)
{
    role_assert_may_park();
    if (!words_fit(argc, argv, 2, argc))
        return usage_error("load");
    for (int i = 1; i < argc; i++)
        if (!load_cell(argv[i]))
            return 1;
    return 0;
}

COMMAND(load, .run = run_load, .usage = "load CELL...",
        .help = "Loads cells from the boot archive, with all that they need.\n"
                "\n"
                "CELL is a name or, with a / in it, a file: FOLDER/NAME.cell.\n"
                "Each is one transaction: either the cell and the cells that it needs are\n"
                "loaded, linked and started, or nothing has changed and the chain that failed\n"
                "is named. Stops at the first failure.");

static int run_unload(int argc, char **argv)
{
    struct why why = {0};
    enum status status;

    role_assert_may_park();
    if (!words_fit(argc, argv, 2, 2))
        return usage_error("unload");
    status = cell_unload(argv[1], &why);
    if (status == OK)
        return 0;
    print("unload: %s\n", why.text[0] ? why.text : status_name(status));
    return 1;
}

COMMAND(unload, .run = run_unload, .usage = "unload CELL",
        .help = "Removes a cell that nobody uses.\n"
                "\n"
                "Refused while another cell calls it, a task runs in it or one of its objects\n"
                "lives; deps CELL shows who calls it.");

/* @return the status when nothing is to be run, else 0. */
static int begin_run(struct command_progress *progress) REQUIRES(may_park);
static int begin_run(struct command_progress *progress)
{
    const char *name = progress->argc < 2 ? "--" : progress->argv[1];
    struct cell_info cell;
    struct command command;

    if (string_starts(name, "--"))
        return usage_error("run");
    if (!cell_find(name, &cell) && !load_cell(name))
        return 1;
    if (!command_find(name, &command, NULL)) {
        print("run: the cell %s has no command of its name\n", name);
        return 1;
    }
    return inner_begin(progress, &command, 1) ? 0 : 1;
}

static enum status step_run(void *argument)
{
    struct command_progress *progress = argument;

    role_assert_may_park();
    if (!progress->words[INNER]) {
        progress->status = begin_run(progress);
        if (progress->status)
            return ERR_CANCELLED;
    }
    return inner_step(progress);
}

COMMAND(run, .step = step_run, .usage = "run CELL [WORD...]",
        .help = "Loads a cell if need be, and runs the command of the same name.\n"
                "\n"
                "The words are the command's. The cell stays loaded.");
