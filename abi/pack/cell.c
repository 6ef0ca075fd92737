/* `pack cell` makes a cell of an object, `pack check` applies the same rules to cells that exist.
 */
#include "signatures.h"

#include <stdlib.h>
#include <string.h>

bool check_object(struct object *object, const struct declared *declared)
{
    manifest_check(object);
    check_sections(object);
    check_symbols(object);
    check_relocations(object);
    if (declared)
        check_interfaces(object, declared);
    return object->findings == 0;
}

static int say_refused(const struct object *object)
{
    if (!object->quiet)
        fprintf(stderr, "pack: %s is refused: %u finding%s\n", object->path, object->findings,
                object->findings == 1 ? "" : "s");
    return PACK_REFUSED;
}

/* GCC refers to the personality routine through a word of its own in writable data, so that a
 * dynamic linker could fill it in. Here the loader relocates it once: read-only data, private to
 * the cell. */
static void fold_personality(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        struct section *section = &object->sections[i];

        if (section_is_personality(section)) {
            section->name = ".rodata." PERSONALITY_REFERENCE;
            section->header.sh_flags = SHF_ALLOC;
        } else if (section->header.sh_type == SHT_RELA &&
                   section_is_personality(&object->sections[section->header.sh_info])) {
            section->name = ".rela.rodata." PERSONALITY_REFERENCE;
        }
    }
    for (size_t i = 1; i < object->symbol_count; i++) {
        struct symbol *symbol = &object->symbols[i];

        if (strcmp(symbol->name, PERSONALITY_REFERENCE) == 0 && symbol_section(object, symbol))
            symbol->entry.st_info = ELF64_ST_INFO(STB_LOCAL, STT_OBJECT);
    }
}

/* Section groups serve the linker, which is done; the unwinder's tables are never written. */
static void settle_sections(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        struct section *section = &object->sections[i];

        section->header.sh_flags &= ~(uint64_t)SHF_GROUP;
        if (section->header.sh_type == SHT_GROUP)
            section->dropped = true;
        if (strncmp(section->name, ".gcc_except_table", 17) == 0)
            section->header.sh_flags &= ~(uint64_t)SHF_WRITE;
    }
}

static void add_metadata(struct object *object, const struct declared *declared)
{
    struct buffer imports = {0}, note = {0};

    for (size_t i = 1; i < object->symbol_count; i++)
        if (symbol_is_import(&object->symbols[i])) {
            const char *name = object->symbols[i].name;

            buffer_print(&imports, "%s %s\n", name,
                         declared ? declared_header(declared, name) : "?");
        }
    buffer_print(&note, "pack %s\n", PACK_VERSION);
    object_add_text(object, SECTION_IMPORTS, &imports);
    object_add_text(object, SECTION_NOTE, &note);
}

struct options {
    const char *output, *accepted, *state_of;
    struct declared declared;
    struct only only;
    struct known_signatures known;
    bool has_declared, has_only, quiet, stand_in;
    char **inputs;
    int input_count;
};

static struct section *add_section(struct object *object, const char *name, uint64_t alignment,
                                   const struct buffer *content)
{
    struct section *section;

    object_add_text(object, name, content);
    section = section_find(object, name);
    section->header.sh_addralign = alignment;
    return section;
}

/* Signatures and types. After all that renames symbols, or makes global ones local. A cell has its already. */
static bool add_types(struct object *object, const struct options *options)
{
    struct types_writer types = {0};
    struct buffer table = {0}, text = {0};
    uint64_t state;

    if (section_find(object, SECTION_TYPES))
        return true;
    state = layouts_add(object, options->state_of, &types);
    signatures_add(object, &options->known, state, &types, &table);
    types_finish(&types, &text);
    add_section(object, SECTION_SIGNATURES, 8, &table);
    add_section(object, SECTION_TYPES, 1, &text);
    return object->findings == 0;
}

static bool name_matches_file(struct object *object, const char *path)
{
    const char *name = file_cell_name(path);

    if (strcmp(name, object->manifest.name) == 0)
        return true;
    finding_add(object, NULL, "CELL", "the name is \"%s\", but the file %s", object->manifest.name,
                path);
    return false;
}

/* @return PACK_OK to go on. Inputs may stand between options. */
static int read_options(const struct command *command, int argc, char **argv,
                        struct options *options)
{
    options->inputs = memory_take((size_t)argc, sizeof *options->inputs);
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = true;
        } else if (strcmp(argv[i], "--stand-in") == 0 && command == &cell_command) {
            options->stand_in = true;
        } else if (strcmp(argv[i], "-o") == 0 && has_value && command == &cell_command) {
            options->output = argv[++i];
        } else if (strcmp(argv[i], "--accept") == 0 && has_value && command == &cell_command) {
            options->accepted = argv[++i];
        } else if (strcmp(argv[i], "--state-of") == 0 && has_value && command == &cell_command) {
            options->state_of = argv[++i];
        } else if (strcmp(argv[i], "--signatures") == 0 && has_value && command == &cell_command) {
            if (!signatures_read(&options->known, argv[++i]))
                return PACK_REFUSED;
        } else if (strcmp(argv[i], "--only") == 0 && has_value && command == &cell_command) {
            options->has_only = true;
            if (!only_read(&options->only, argv[++i]))
                return PACK_REFUSED;
        } else if (strcmp(argv[i], "--declared") == 0 && has_value) {
            options->has_declared = true;
            if (!declared_read(&options->declared, argv[++i]))
                return PACK_REFUSED;
        } else if (argv[i][0] == '-') {
            return usage_error(command, "%s: unknown option, or its value is missing", argv[i]);
        } else {
            options->inputs[options->input_count++] = argv[i];
        }
    }
    return PACK_OK;
}

static int cell_run(int argc, char **argv)
{
    struct options options = {0};
    struct object object = {0};
    struct buffer image = {0};
    const struct declared *declared;
    int status = read_options(&cell_command, argc, argv, &options);

    if (status != PACK_OK)
        return status;
    if (!options.output || options.input_count != 1)
        return usage_error(&cell_command, "it takes -o OUT.cell and one object");
    object.quiet = options.quiet;
    object.accepted = options.accepted;
    object.stand_in = options.stand_in;
    declared = options.has_declared ? &options.declared : NULL;
    if (!object_read(&object, options.inputs[0]))
        return say_refused(&object);
    if (options.has_only)
        check_part(&object, &options.only);
    if (!check_object(&object, declared) || !name_matches_file(&object, options.output))
        return say_refused(&object);
    if (options.has_only && !bind_others(&object, &options.only, declared))
        return say_refused(&object);
    add_metadata(&object, declared);
    fold_personality(&object);
    settle_sections(&object);
    if (!add_types(&object, &options))
        return say_refused(&object);
    image_build(&object, &image);
    return file_write(options.output, &image) ? PACK_OK : PACK_REFUSED;
}

/* What pack has made has no BTF any more. */
static bool check_layouts(struct object *object)
{
    struct types_writer types = {0};

    if (!section_find(object, SECTION_TYPES))
        layouts_add(object, NULL, &types);
    return object->findings == 0;
}

static int check_run(int argc, char **argv)
{
    struct options options = {0};
    int status = read_options(&check_command, argc, argv, &options);

    if (status != PACK_OK)
        return status;
    if (options.input_count == 0)
        return usage_error(&check_command, "it takes at least one file");
    for (int i = 0; i < options.input_count; i++) {
        struct object object = {.quiet = options.quiet};

        if (!object_read(&object, options.inputs[i]) ||
            !check_object(&object, options.has_declared ? &options.declared : NULL) ||
            !check_layouts(&object))
            status = say_refused(&object);
    }
    return status;
}

const struct command cell_command = {
    .name = "cell",
    .usage = "cell -o NAME.cell [--declared FILE]... [--signatures FILE]... [--only FILE] "
             "[--accept TEXT] [--stand-in] [--state-of CELL] [--quiet] OBJECT",
    .help = "Checks OBJECT, the output of ld -r, and completes it to the cell NAME.cell.\n"
            "Everything that a cell must not contain is named, one line each: FILE: SYMBOL: what "
            "is wrong.\n"
            "--declared FILE  imports and exports must be in this list (lines \"SYMBOL HEADER\")\n"
            "--signatures FILE\n"
            "                 signatures of what it imports and exports (pack signatures)\n"
            "--accept TEXT    findings that say TEXT do not count; for tests of the rules, never "
            "for a build\n"
            "--only FILE      it is a part of a lab: the file lists what it may import, export and "
            "contribute\n"
            "                 (lines \"import NAME [BOUND]\", \"export NAME\", \"set NAME\", "
            "\"command NAME\")\n"
            "--stand-in       it was made by pack stand-in, and provides no hooks\n"
            "--state-of CELL  its state is that of CELL.cell, which it keeps as it is\n"
            "--quiet          no text, only the exit status",
    .run = cell_run,
};

const struct command check_command = {
    .name = "check",
    .usage = "check [--declared FILE]... [--quiet] FILE...",
    .help = "Applies the rules of `pack cell` to cells or objects that exist.",
    .run = check_run,
};
