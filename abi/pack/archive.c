/* `pack archive` joins cells to a boot archive, `pack list` shows one. */
#include "../nucleus/object_rules.h"
#include "pack.h"

#include <string.h>

struct options {
    const char *output;
    struct index_options index;
    char **inputs, **also; /* also: FOLDER=FILE */
    size_t input_count, also_count;
};

static int read_options(int argc, char **argv, struct options *options)
{
    options->inputs = memory_take((size_t)argc, sizeof *options->inputs);
    options->also = memory_take((size_t)argc, sizeof *options->also);
    options->index.defaults = memory_take((size_t)argc, sizeof *options->index.defaults);
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "-o") == 0 && has_value)
            options->output = argv[++i];
        else if (strcmp(argv[i], "--boot") == 0 && has_value)
            options->index.boot = argv[++i];
        else if (strcmp(argv[i], "--default") == 0 && has_value)
            options->index.defaults[options->index.default_count++] = argv[++i];
        else if (strcmp(argv[i], "--also") == 0 && has_value)
            options->also[options->also_count++] = argv[++i];
        else if (argv[i][0] == '-')
            return usage_error(&archive_command, "%s: unknown option, or its value is missing",
                               argv[i]);
        else
            options->inputs[options->input_count++] = argv[i];
    }
    if (!options->output || options->input_count == 0)
        return usage_error(&archive_command, "it takes -o OUT.cpio and at least one cell");
    return PACK_OK;
}

/* Reads a cell, which must pass the rules (imports were held against abi/ when it was packed). */
static bool read_cell(struct object *cell, const char *path)
{
    const char *name = file_cell_name(path);

    if (!object_read(cell, path) || !check_object(cell, NULL))
        return false;
    if (!section_find(cell, SECTION_NOTE)) {
        finding_add(cell, NULL, NULL, "not a cell yet: run pack cell on it");
        return false;
    }
    if (strcmp(name, cell->manifest.name) != 0) {
        finding_add(cell, NULL, "CELL", "the name is \"%s\", but the file's is \"%s\"",
                    cell->manifest.name, name);
        return false;
    }
    return true;
}

static bool names_differ(const struct object *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (strcmp(cells[i].manifest.name, cells[j].manifest.name) == 0) {
                fprintf(stderr, "pack: two cells have the name \"%s\": %s and %s\n",
                        cells[i].manifest.name, cells[i].path, cells[j].path);
                return false;
            }
    return true;
}

/* Adds a cell without its debug sections; @p folder ends with a /, or is empty. */
static void add_cell(struct buffer *archive, uint32_t number, const char *folder,
                     struct object *cell)
{
    struct buffer image = {0};

    strip_debug(cell);
    image_build(cell, &image);
    cpio_add(archive, number, text_format("%s%s.cell", folder, cell->manifest.name), image.bytes,
             image.length);
}

/* Reads FOLDER=FILE, and adds the cell to that folder. */
static bool add_also(struct buffer *archive, uint32_t number, const char *text)
{
    const char *file = strchr(text, '=');
    struct object cell = {0};

    if (!file || !is_cell_name(text, '=')) {
        fprintf(stderr, "pack: --also %s: not FOLDER=FILE, FOLDER being a lower-case identifier\n",
                text);
        return false;
    }
    if (!read_cell(&cell, file + 1))
        return false;
    add_cell(archive, number, text_format("%.*s/", (int)(file - text), text), &cell);
    return true;
}

static int archive_run(int argc, char **argv)
{
    struct options options = {0};
    struct buffer archive = {0}, index = {0};
    struct object *cells;
    uint32_t number = 1;
    int status = read_options(argc, argv, &options);

    if (status != PACK_OK)
        return status;
    cells = memory_take(options.input_count, sizeof *cells);
    for (size_t i = 0; i < options.input_count; i++)
        if (!read_cell(&cells[i], options.inputs[i]))
            status = PACK_REFUSED;
    if (status != PACK_OK || !names_differ(cells, options.input_count) ||
        !index_build(cells, options.input_count, &options.index, &index))
        return PACK_REFUSED;
    cpio_add(&archive, number++, INDEX_NAME, index.bytes, index.length);
    for (size_t i = 0; i < options.input_count; i++)
        add_cell(&archive, number++, "", &cells[i]);
    for (size_t i = 0; i < options.also_count; i++)
        if (!add_also(&archive, number++, options.also[i]))
            status = PACK_REFUSED;
    if (status != PACK_OK)
        return status;
    cpio_end(&archive);
    return file_write(options.output, &archive) ? PACK_OK : PACK_REFUSED;
}

static int list_run(int argc, char **argv)
{
    uint8_t *archive;
    const uint8_t *bytes;
    size_t length, size, offset = 0;
    const char *name;
    bool malformed;

    if (argc != 2 || argv[1][0] == '-')
        return usage_error(&list_command, "it takes one archive");
    if (!file_read(argv[1], &archive, &length))
        return PACK_REFUSED;
    while (cpio_next(archive, length, &offset, &name, &bytes, &size, &malformed)) {
        printf("%8zu  %s\n", size, name);
        if (strcmp(name, INDEX_NAME) == 0)
            printf("%.*s", (int)size, (const char *)bytes);
    }
    if (!malformed)
        return PACK_OK;
    fprintf(stderr, "%s: malformed at byte %zu: not a member of a newc archive\n", argv[1], offset);
    return PACK_REFUSED;
}

const struct command archive_command = {
    .name = "archive",
    .usage = "archive -o OUT.cpio [--boot \"CELL...\"] [--default IFACE=CELL]... "
             "[--also FOLDER=NAME.cell]... NAME.cell...",
    .help = "Joins cells, without their debug sections, to a boot archive (cpio, newc). Its first "
            "member,\n" INDEX_NAME ", says which cell provides which function.\n"
            "--boot      the cells that are loaded at boot, in this order\n"
            "--default   the provider of an interface, needed where several cells provide one\n"
            "--also      another version of a cell, as FOLDER/NAME.cell; not in the index",
    .run = archive_run,
};

const struct command list_command = {
    .name = "list",
    .usage = "list FILE.cpio",
    .help = "Lists the members of an archive, with their sizes, and prints its index.",
    .run = list_run,
};
