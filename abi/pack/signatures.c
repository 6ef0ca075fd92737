/* `pack signatures` makes one text of all functions that the interfaces' headers declare, and their types; `pack cell`
 * takes from it what a cell exports and imports.
 *
 * A prototype is read where its header alone is in sight, because a cell sees more: of a struct that the header only
 * names, its provider has the members. So the build compiles a probe for each header, which includes nothing else and
 * has a variable `typeof(FUNCTION) *probe_FUNCTION` for each function (abi/cmake/probe_header.sh). */
#include "signatures.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "probe_"
#define VERSION "probe_version"

struct probed {
    const char *name, *path;
    const struct btf_unit *unit;
    uint32_t prototype, version;
};

struct probes {
    struct probed *functions;
    size_t count, room;
};

static void add_probed(struct probes *probes, const struct probed *probed)
{
    if (probes->count == probes->room) {
        size_t room = 2 * probes->room + 64;
        struct probed *larger = memory_take(room, sizeof *larger);

        if (probes->count > 0)
            memcpy(larger, probes->functions, probes->count * sizeof *larger);
        probes->functions = larger;
        probes->room = room;
    }
    probes->functions[probes->count++] = *probed;
}

/* The version that a header states by hand: the only enumerator of enum probe_version. 0: none. */
static uint32_t version_of(const struct btf_unit *unit)
{
    for (uint32_t id = 1; id < unit->count; id++) {
        const struct btf_type *type = btf_type_of(unit, id);

        if (btf_is_enum(type) && btf_vlen(type) == 1 &&
            strcmp(btf_name(unit, type->name_off), VERSION) == 0)
            return (uint32_t)btf_enum(type)[0].val;
    }
    return 0;
}

static bool read_probe(struct probes *probes, const char *path)
{
    struct object object = {0};
    struct btf_units units = {0};

    if (!object_read(&object, path) || !btf_read(&object, &units))
        return false;
    for (size_t i = 0; i < units.count; i++) {
        const struct btf_unit *unit = &units.units[i];
        struct probed probed = {.path = path, .unit = unit, .version = version_of(unit)};
        uint32_t id = 0, type;
        const char *name;

        while (btf_variable_next(unit, &id, &name, &type)) {
            if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
                continue;
            probed.name = name + strlen(PREFIX);
            probed.prototype = btf_pointee(unit, type);
            add_probed(probes, &probed);
        }
    }
    return true;
}

static int compare_probed(const void *a, const void *b)
{
    return strcmp(((const struct probed *)a)->name, ((const struct probed *)b)->name);
}

static bool add_functions(struct probes *probes, struct types_writer *types)
{
    bool good = true;

    if (probes->count > 0)
        qsort(probes->functions, probes->count, sizeof *probes->functions, compare_probed);
    for (size_t i = 0; i < probes->count; i++) {
        const struct probed *it = &probes->functions[i];

        if (i > 0 && strcmp(it->name, it[-1].name) == 0) {
            fprintf(stderr, "%s: %s: probed in %s, too\n", it->path, it->name, it[-1].path);
            good = false;
        }
        types->wrong = NULL;
        types_add_function(types, it->name, it->unit, it->prototype, it->version);
        if (types->wrong) {
            fprintf(stderr, "%s: %s: %s\n", it->path, it->name, types->wrong);
            good = false;
        }
    }
    return good;
}

/* A file that would not change is left alone, so that the build need not do again what depends on it. */
static bool write_changed(const char *path, const struct buffer *text)
{
    uint8_t *bytes;
    size_t length;

    if (file_exists(path) && file_read(path, &bytes, &length) && length == text->length &&
        memcmp(bytes, text->bytes, length) == 0)
        return true;
    return file_write(path, text);
}

static int signatures_run(int argc, char **argv)
{
    struct probes probes = {0};
    struct types_writer types = {0};
    struct buffer text = {0};
    const char *output = NULL;
    int inputs = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
            output = argv[++i];
        else if (argv[i][0] == '-')
            return usage_error(&signatures_command, "%s: unknown option, or its value is missing",
                               argv[i]);
        else if (!read_probe(&probes, argv[i]))
            return PACK_REFUSED;
        else
            inputs++;
    }
    if (!output || inputs == 0)
        return usage_error(&signatures_command, "it takes -o FILE and at least one object");
    if (!add_functions(&probes, &types))
        return PACK_REFUSED;
    types_finish(&types, &text);
    return write_changed(output, &text) ? PACK_OK : PACK_REFUSED;
}

const struct command signatures_command = {
    .name = "signatures",
    .usage = "signatures -o FILE PROBE.o...",
    .help = "Writes the signatures and types of functions that probes of interface headers mention,\n"
            "for `pack cell --signatures FILE`.",
    .run = signatures_run,
};

/* ---- for a cell ---- */

static const struct types_record *find_function(const struct known_signatures *known,
                                                const char *name, const struct types_file **file)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct types_record *record = types_file_find(&known->files[i], "function", name);

        *file = &known->files[i];
        if (record)
            return record;
    }
    return NULL;
}

bool signatures_read(struct known_signatures *known, const char *path)
{
    if (known->count == KNOWN_FILES_MOST) {
        fprintf(stderr, "%s: one --signatures too many\n", path);
        return false;
    }
    return types_read(&known->files[known->count++], path);
}

static void add_number(struct buffer *table, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        buffer_add(table, &(uint8_t){(uint8_t)(number >> 8 * i)}, 1);
}

/* Which global symbols are written, image.c decides; none of them is dropped here, or for the archive (strip.c). */
void signatures_add(const struct object *object, const struct known_signatures *known,
                    uint64_t state, struct types_writer *types, struct buffer *table)
{
    add_number(table, state);
    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];
        const struct types_file *file;
        const struct types_record *record;

        if (ELF64_ST_BIND(symbol->entry.st_info) == STB_LOCAL)
            continue;
        record = find_function(known, symbol->name, &file);
        add_number(table, record ? record->signature : 0);
        if (record && (symbol_is_import(symbol) || symbol_is_export(symbol)))
            types_add_record(types, symbol_is_import(symbol) ? "import" : "export", file, record);
    }
}

uint64_t state_kept(struct object *object, const char *path, struct types_writer *types)
{
    struct object cell = {0};
    const struct section *text;
    struct types_file *file = memory_take(1, sizeof *file);
    const struct types_record *record;

    if (!object_read(&cell, path)) {
        object->findings++;
        return 0;
    }
    text = section_find(&cell, SECTION_TYPES);
    if (!text || !text->bytes || !types_parse(file, path, text->bytes, text->header.sh_size)) {
        finding_add(object, path, SECTION_TYPES, "missing, or not what pack makes");
        return 0;
    }
    record = types_file_find(file, "state", "state");
    if (!record)
        return 0;
    types_add_record(types, "state", file, record);
    return record->signature;
}
