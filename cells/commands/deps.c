/* The command deps: who calls whom, from the imports that the cell table records. */
#include "commands.h"

#include "inspect.h"
#include "nucleus/format.h"

/* What one cell uses of another. */
struct edge {
    char provider[CELL_NAME_ROOM];
    unsigned functions, sites;
    char examples[32]; /* names of functions, as many as fit */
};

/* Adds the import to the edge; its name is left out when it does not fit. */
static void add_import(struct edge *edge, const struct import_info *import)
{
    size_t used = strlen(edge->examples);

    edge->functions++;
    edge->sites += import->sites;
    if (used + strlen(import->symbol) + 2 < sizeof edge->examples)
        format(edge->examples + used, sizeof edge->examples - used, "%s%s", used ? " " : "",
               import->symbol);
}

/* Collects what @p user imports from the provider of its import number @p first, if that is the
 * first import from there. @return false: past the last import; an edge without functions is to
 * be skipped. */
static bool edge_get(const char *user, unsigned first, struct edge *edge)
{
    struct import_info import;

    memset(edge, 0, sizeof *edge);
    if (!cell_import(user, first, &import))
        return false;
    string_copy(edge->provider, sizeof edge->provider, import.provider);
    for (unsigned i = 0; i < first; i++)
        if (cell_import(user, i, &import) && strcmp(import.provider, edge->provider) == 0)
            return true;
    for (unsigned i = first; cell_import(user, i, &import); i++)
        if (strcmp(import.provider, edge->provider) == 0)
            add_import(edge, &import);
    return true;
}

/* Calls @p visit for each pair of cells of which one uses the other. */
static void each_edge(void (*visit)(const char *user, const struct edge *edge, void *argument),
                      void *argument)
{
    struct cell_info cell;
    struct edge edge;

    for (unsigned i = 0; cell_get(i, &cell); i++)
        for (unsigned first = 0; edge_get(cell.name, first, &edge); first++)
            if (edge.functions > 0)
                visit(cell.name, &edge, argument);
}

struct selection {
    const char *name; /* of the cell that must be one end; NULL: all */
    struct json *json;
};

static bool selects(const struct selection *selection, const char *user, const struct edge *edge)
{
    return !selection->name || strcmp(selection->name, user) == 0 ||
           strcmp(selection->name, edge->provider) == 0;
}

static void print_row(const char *user, const struct edge *edge, void *argument)
{
    role_assert_may_park(); /* called by run_deps() only */
    if (selects(argument, user, edge))
        print("%-14s %-14s %9u %6u  %s\n", user, edge->provider, edge->functions, edge->sites,
              edge->examples);
}

static void print_dot(const char *user, const struct edge *edge, void *argument)
{
    role_assert_may_park(); /* called by run_deps() only */
    if (selects(argument, user, edge))
        print("    \"%s\" -> \"%s\" [label=\"%u\"];\n", user, edge->provider, edge->functions);
}

static void put_json(const char *user, const struct edge *edge, void *argument)
{
    struct selection *selection = argument;

    if (!selects(selection, user, edge))
        return;
    json_object(selection->json, NULL);
    json_text(selection->json, "user", user);
    json_text(selection->json, "provider", edge->provider);
    json_number(selection->json, "functions", edge->functions);
    json_number(selection->json, "sites", edge->sites);
    json_end(selection->json);
}

static int run_deps(int argc, char **argv)
{
    bool as_dot = option_take(&argc, argv, "--dot"), as_json = option_take(&argc, argv, "--json");
    struct json json;
    struct selection selection = {.name = argc > 1 ? argv[1] : NULL, .json = &json};
    struct cell_info cell;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 2) || (as_dot && as_json))
        return usage_error("deps");
    if (selection.name && strcmp(selection.name, "nucleus") != 0 &&
        !cell_find(selection.name, &cell)) {
        print("deps: no cell %s is loaded (cells lists them)\n", selection.name);
        return 1;
    }
    if (as_dot) {
        print("digraph cells {\n");
        each_edge(print_dot, &selection);
        print("}\n");
    } else if (as_json) {
        json_to_console(&json);
        json_array(&json, NULL);
        each_edge(put_json, &selection);
        json_end(&json);
        json_finish(&json);
    } else {
        print("%-14s %-14s %9s %6s  %s\n", "CELL", "USES", "FUNCTIONS", "SITES", "AMONG THEM");
        each_edge(print_row, &selection);
    }
    return 0;
}

COMMAND(deps, .run = run_deps, .usage = "deps [NAME] [--dot | --json]",
        .help = "Shows which cells use which.\n"
                "\n"
                "With NAME, what that cell uses and who uses it. FUNCTIONS counts the functions\n"
                "that are called or referred to, SITES the places in the text that do; cell NAME\n"
                "lists them all. --dot writes a graph for Graphviz:\n"
                "    ./mitos run --headless --quiet -c 'deps --dot' | dot -Tsvg > cells.svg");
