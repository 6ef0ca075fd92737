/* The index of a boot archive, the text file mitos.index: after a first line "mitos-index 2" lines "KEY CELL",
 * sorted by KEY as bytes, each KEY once. KEY is
 *
 *     NAME             of a function: CELL provides it
 *     default.IFACE    CELL is loaded for the interface
 *     boot.00          the first cell of the boot set; boot.01 the next, and so on
 *
 * Two cells may export one function when both provide its interface; then the default one is
 * listed. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

struct provided {
    const char *name; /* of a function or an interface; or the key of a line */
    const struct object *cell;
};

struct provided_list {
    struct provided *items;
    size_t count, room;
};

static int compare_provided(const void *a, const void *b)
{
    const struct provided *first = a, *second = b;
    int order = strcmp(first->name, second->name);

    return order != 0 ? order : strcmp(first->cell->manifest.name, second->cell->manifest.name);
}

static void add_provided(struct provided_list *list, const char *name, const struct object *cell)
{
    if (list->count == list->room) {
        size_t room = 2 * list->room + 64;
        struct provided *larger = memory_take(room, sizeof *larger);

        if (list->count > 0)
            memcpy(larger, list->items, list->count * sizeof *larger);
        list->items = larger;
        list->room = room;
    }
    list->items[list->count++] = (struct provided){name, cell};
}

static void sort_provided(struct provided_list *list)
{
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare_provided);
}

/* How many items from @p first on have its name. */
static size_t run_length(const struct provided_list *list, size_t first)
{
    size_t end = first + 1;

    while (end < list->count && strcmp(list->items[end].name, list->items[first].name) == 0)
        end++;
    return end - first;
}

static const struct object *find_cell(const struct object *cells, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cells[i].manifest.name, name) == 0)
            return &cells[i];
    return NULL;
}

static bool provides(const struct object *cell, const char *interface)
{
    const char *at = NULL;
    char word[64];

    while (manifest_next_interface(&cell->manifest, &at, word))
        if (strcmp(word, interface) == 0)
            return true;
    return false;
}

static bool index_boot(const struct object *cells, size_t count, const char *boot,
                       struct provided_list *lines)
{
    char *rest = boot ? text_copy(boot, strlen(boot)) : NULL, *name;
    unsigned number = 0;
    bool good = true;

    while (rest && (name = strsep(&rest, " \t"))) {
        if (*name == '\0')
            continue;
        if (!find_cell(cells, count, name)) {
            fprintf(stderr, "pack: boot cell \"%s\" is not among the files\n", name);
            good = false;
        } else {
            add_provided(lines, text_format("boot.%02u", number++), find_cell(cells, count, name));
        }
    }
    return good;
}

/* "IFACE=CELL" for @p interface among the options: the cell's name, or NULL. */
static const char *chosen_default(const struct index_options *options, const char *interface)
{
    size_t length = strlen(interface);

    for (size_t i = 0; i < options->default_count; i++)
        if (strncmp(options->defaults[i], interface, length) == 0 &&
            options->defaults[i][length] == '=')
            return options->defaults[i] + length + 1;
    return NULL;
}

static bool check_defaults(const struct object *cells, size_t count,
                           const struct index_options *options)
{
    bool good = true;

    for (size_t i = 0; i < options->default_count; i++) {
        const char *text = options->defaults[i], *equals = strchr(text, '=');
        const struct object *cell = equals ? find_cell(cells, count, equals + 1) : NULL;
        char *interface = equals ? text_copy(text, (size_t)(equals - text)) : NULL;

        if (cell && provides(cell, interface) && chosen_default(options, interface) == equals + 1)
            continue;
        good = false;
        if (!equals)
            fprintf(stderr, "pack: --default %s: not of the form IFACE=CELL\n", text);
        else if (!cell)
            fprintf(stderr, "pack: --default %s: cell \"%s\" is not among the files\n", text,
                    equals + 1);
        else if (!provides(cell, interface))
            fprintf(stderr, "pack: --default %s: \"%s\" does not provide %s\n", text, equals + 1,
                    interface);
        else
            fprintf(stderr, "pack: --default %s: the second default for %s\n", text, interface);
    }
    return good;
}

/* The provider of each interface; it must be clear which. Leaves the choices in @p defaults. */
static bool index_defaults(const struct object *cells, size_t count,
                           const struct index_options *options, struct provided_list *defaults,
                           struct provided_list *lines)
{
    struct provided_list all = {0};
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        const char *at = NULL;
        char word[64];

        while (manifest_next_interface(&cells[i].manifest, &at, word))
            add_provided(&all, text_copy(word, strlen(word)), &cells[i]);
    }
    sort_provided(&all);
    for (size_t i = 0; i < all.count; i += run_length(&all, i)) {
        const char *chosen = chosen_default(options, all.items[i].name);
        const struct object *cell = chosen ? find_cell(cells, count, chosen) : all.items[i].cell;

        if (!chosen && run_length(&all, i) > 1) {
            fprintf(stderr,
                    "pack: interface %s is provided by %s and %s: choose with --default %s=CELL\n",
                    all.items[i].name, all.items[i].cell->manifest.name,
                    all.items[i + 1].cell->manifest.name, all.items[i].name);
            good = false;
            continue;
        }
        add_provided(defaults, all.items[i].name, cell);
        add_provided(lines, text_format("default.%s", all.items[i].name), cell);
    }
    return good;
}

/* Of the cells that export one function: the default provider of an interface that all of them
 * provide. */
static const struct object *choose_provider(const struct provided_list *defaults,
                                            const struct provided *exporters, size_t count)
{
    for (size_t i = 0; i < defaults->count; i++) {
        const struct object *winner = NULL;
        size_t providers = 0;

        for (size_t j = 0; j < count; j++) {
            providers += provides(exporters[j].cell, defaults->items[i].name);
            if (exporters[j].cell == defaults->items[i].cell)
                winner = exporters[j].cell;
        }
        if (winner && providers == count)
            return winner;
    }
    return NULL;
}

static bool index_symbols(const struct object *cells, size_t count,
                          const struct provided_list *defaults, struct provided_list *lines)
{
    struct provided_list all = {0};
    bool good = true;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 1; j < cells[i].symbol_count; j++)
            if (symbol_is_export(&cells[i].symbols[j]))
                add_provided(&all, cells[i].symbols[j].name, &cells[i]);
    sort_provided(&all);
    for (size_t i = 0; i < all.count; i += run_length(&all, i)) {
        size_t exporters = run_length(&all, i);
        const struct object *cell = exporters == 1
                                        ? all.items[i].cell
                                        : choose_provider(defaults, &all.items[i], exporters);

        if (!cell) {
            fprintf(stderr,
                    "pack: %s is exported by %s and %s, which share no interface with a default\n",
                    all.items[i].name, all.items[i].cell->manifest.name,
                    all.items[i + 1].cell->manifest.name);
            good = false;
            continue;
        }
        add_provided(lines, all.items[i].name, cell);
    }
    return good;
}

bool index_build(const struct object *cells, size_t count, const struct index_options *options,
                 struct buffer *index)
{
    struct provided_list defaults = {0}, lines = {0};

    if (!index_boot(cells, count, options->boot, &lines) ||
        !check_defaults(cells, count, options) ||
        !index_defaults(cells, count, options, &defaults, &lines) ||
        !index_symbols(cells, count, &defaults, &lines))
        return false;
    sort_provided(&lines);
    buffer_print(index, "mitos-index 2\n");
    for (size_t i = 0; i < lines.count; i++)
        buffer_print(index, "%s %s\n", lines.items[i].name, lines.items[i].cell->manifest.name);
    return true;
}
