/* `pack stand-in` writes the source of a cell that takes another one's place while that is in quarantine: the same
 * name, exports and functions whose addresses may be held, a state of the same size, which is left as it is, and no
 * hooks: the nucleus has a default for each. What a call of an export comes to is told by its prototype.
 *
 * One file for each source file of the cell, by its name: that is how the loader tells static functions apart. */
#include "../nucleus/hooks.h"
#include "pack.h"

#include <stdlib.h>
#include <string.h>

bool is_hook(const char *name)
{
#define NAME(hook) #hook,
    static const char *const hooks[] = {EACH_HOOK_NAME(NAME)};
#undef NAME

    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
        if (strcmp(hooks[i], name) == 0)
            return true;
    return false;
}

struct options {
    const char *folder, *cell;
    struct declared declared;
    const char **headers, **kept; /* headers: folders; kept: files and functions */
    size_t header_count, kept_count;
};

static bool is_kept(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->kept_count; i++)
        if (strcmp(options->kept[i], name) == 0)
            return true;
    return false;
}

/* Reads the prototype of @p name from the header that declares it, in the first folder that has one. */
static bool find_prototype(const struct options *options, struct object *cell, const char *name,
                           struct prototype *prototype)
{
    const char *header = declared_header(&options->declared, name);

    for (size_t i = 0; header && i < options->header_count; i++) {
        const char *path = text_format("%s/%s", options->headers[i], header);

        if (file_exists(path) && prototype_read(path, name, prototype))
            return true;
    }
    finding_add(cell, NULL, name, "no header that was given declares it");
    return false;
}

static const char *panic_of(const struct object *cell, const char *name)
{
    return text_format("    panic(\"%s is in quarantine, and %s() was called\");\n",
                       cell->manifest.name, name);
}

/* An export takes no parameters here: it looks at none. */
static bool write_export(const struct options *options, struct object *cell, const char *name,
                         struct buffer *to)
{
    const char *type = "void", *body = panic_of(cell, name);
    struct prototype prototype;
    bool returns_nothing;
    size_t length = strlen(name);

    if (!find_prototype(options, cell, name, &prototype))
        return false;
    returns_nothing = strcmp(prototype.before, "void") == 0;
    if (prototype_has(prototype.before, "enum status")) {
        type = "enum status";
        body = "    return ERR_QUARANTINED;\n";
    } else if (prototype_has(prototype.before, "bool") && prototype_has(prototype.behind, "TRY_MAKES")) {
        type = "_Bool";
        body = "    return 0;\n";
    } else if (returns_nothing && ((length > 7 && strcmp(name + length - 7, "_unwind") == 0) ||
                                   prototype_has(prototype.behind, "OR_NOTHING"))) {
        body = "";
    }
    buffer_print(to, "\nEXPORT %s %s(void);\nEXPORT %s %s(void)\n{\n%s}\n", type, name, type, name, body);
    return true;
}

static bool holds_data(const struct section *section)
{
    return section_has(section, SHF_ALLOC) && strncmp(section->name, ".eh_frame", 9) != 0 &&
           strncmp(section->name, ".gcc_except_table", 17) != 0 &&
           strcmp(section->name, SECTION_MANIFEST) != 0 && !section_is_personality(section);
}

/* Whether somebody may have the address of function @p symbol, which then is a stub's. */
static bool is_address_taken(const struct object *cell, size_t symbol)
{
    for (size_t i = 1; i < cell->section_count; i++) {
        const struct section *table = &cell->sections[i];

        if (table->header.sh_type != SHT_RELA || !holds_data(&cell->sections[table->header.sh_info]))
            continue;
        for (size_t j = 0; j < table->relocation_count; j++) {
            uint32_t type = table->relocations[j].type;

            if (table->relocations[j].symbol == symbol &&
                (type == R_RISCV_64 || type == R_RISCV_PCREL_HI20))
                return true;
        }
    }
    return false;
}

/* The static functions of source file @p file that others may call. */
static void write_statics(const struct object *cell, const char *file, struct buffer *to)
{
    for (size_t i = 1; i < cell->symbol_count; i++) {
        const struct symbol *symbol = &cell->symbols[i];

        if (ELF64_ST_TYPE(symbol->entry.st_info) != STT_FUNC || !symbol->file ||
            strcmp(symbol->file, file) != 0 || !is_address_taken(cell, i))
            continue;
        buffer_print(to, "\nstatic __attribute__((used)) void %s(void)\n{\n%s}\n", symbol->name,
                     panic_of(cell, symbol->name));
    }
}

static bool write_exports(const struct options *options, struct object *cell, struct buffer *to)
{
    bool good = true;

    for (size_t i = 1; i < cell->symbol_count; i++) {
        const struct symbol *symbol = &cell->symbols[i];

        if (symbol_is_export(symbol) && !is_hook(symbol->name) && !is_kept(options, symbol->name))
            good = write_export(options, cell, symbol->name, to) && good;
    }
    return good;
}

/* The state is kept where it is, and nobody looks at it: so its alignment does not matter, but its size does. */
static void write_manifest(struct object *cell, struct buffer *to)
{
    const struct section *state = section_find(cell, SECTION_STATE);
    const struct manifest *manifest = &cell->manifest;

    if (state && state->header.sh_size > 0)
        buffer_print(to,
                     "\nstruct kept_state {\n    unsigned char bytes[%llu];\n};\n"
                     "CELL_STATE(struct kept_state);\n",
                     (unsigned long long)state->header.sh_size);
    buffer_print(to,
                 "\nCELL(.name = \"%s\", .version = \"%.6s " STAND_IN_VERSION "\", .provides = \"%s\",\n"
                 "     .summary = \"Keeps the state of %s, and refuses all calls: quarantine\");\n",
                 manifest->name, manifest->version, manifest->provides ? manifest->provides : "",
                 manifest->name);
}

/* Writes one source; @p main: what there is once in a cell, too. */
static bool write_source(const struct options *options, struct object *cell, const char *file,
                         bool main)
{
    struct buffer source = {0};

    buffer_print(&source,
                 "/* Stand-in for %s of the cell %s %s; made by pack. */\n#include \"cell.h\"\n"
                 "#include \"nucleus/machine.h\"\n",
                 file, cell->manifest.name, cell->manifest.version);
    if (main && !write_exports(options, cell, &source))
        return false;
    write_statics(cell, file, &source);
    if (main)
        write_manifest(cell, &source);
    return file_write(text_format("%s/%s", options->folder, file), &source);
}

static int read_options(int argc, char **argv, struct options *options)
{
    options->headers = memory_take((size_t)argc, sizeof *options->headers);
    options->kept = memory_take((size_t)argc, sizeof *options->kept);
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "-o") == 0 && has_value)
            options->folder = argv[++i];
        else if (strcmp(argv[i], "--headers") == 0 && has_value)
            options->headers[options->header_count++] = argv[++i];
        else if (strcmp(argv[i], "--keep") == 0 && has_value)
            options->kept[options->kept_count++] = argv[++i];
        else if (strcmp(argv[i], "--declared") == 0 && has_value) {
            if (!declared_read(&options->declared, argv[++i]))
                return PACK_REFUSED;
        } else if (argv[i][0] == '-' || options->cell)
            return usage_error(&stand_in_command, "%s: unknown option, its value is missing, or a second cell",
                               argv[i]);
        else
            options->cell = argv[i];
    }
    if (!options->folder || !options->cell)
        return usage_error(&stand_in_command, "it takes -o FOLDER and one cell");
    return PACK_OK;
}

static int stand_in_run(int argc, char **argv)
{
    struct options options = {0};
    struct object cell = {0};
    int status = read_options(argc, argv, &options);
    bool main = true;

    if (status != PACK_OK)
        return status;
    if (!object_read(&cell, options.cell) || !check_object(&cell, NULL))
        return PACK_REFUSED;
    for (size_t i = 1; i < cell.symbol_count; i++) {
        const struct symbol *symbol = &cell.symbols[i];

        if (ELF64_ST_TYPE(symbol->entry.st_info) != STT_FILE || !symbol->name[0] ||
            is_kept(&options, symbol->name))
            continue;
        if (!write_source(&options, &cell, symbol->name, main))
            return PACK_REFUSED;
        main = false;
    }
    return PACK_OK;
}

const struct command stand_in_command = {
    .name = "stand-in",
    .usage = "stand-in -o FOLDER [--declared FILE]... [--headers FOLDER]... [--keep FILE|FUNCTION]... "
             "NAME.cell",
    .help = "Writes the C sources of a cell that serves in the place of NAME while that is in quarantine:\n"
            "an export that returns enum status says ERR_QUARANTINED, one of bool with TRY_MAKES false,\n"
            "*_unwind() and what says OR_NOTHING do nothing, all others fault their caller. Hooks are left\n"
            "out, the state is kept. One file for each source file of the cell.\n"
            "--declared FILE    which header declares a function (lines \"SYMBOL HEADER\")\n"
            "--headers FOLDER   where the headers are\n"
            "--keep WHAT        a source file of the cell, or a function that it exports, which stays as it is",
    .run = stand_in_run,
};
