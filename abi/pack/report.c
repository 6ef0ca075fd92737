/* `pack report`: what a cell provides, needs and holds, for a person or as JSON. */
#include "pack.h"

#include <inttypes.h>
#include <string.h>

static bool is_state(const struct object *object, const struct symbol *symbol)
{
    const struct section *section = symbol_section(object, symbol);

    return section && strcmp(section->name, SECTION_STATE) == 0 &&
           ELF64_ST_TYPE(symbol->entry.st_info) == STT_OBJECT;
}

/* How many relocations satisfy: of the symbol, the target section, the type; UINT32_MAX: any. */
static unsigned count_relocations(const struct object *object, uint32_t symbol, uint32_t target,
                                  uint32_t type)
{
    unsigned count = 0;

    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        if (section_is_debug(object, table) ||
            (target != UINT32_MAX && table->header.sh_info != target))
            continue;
        for (size_t j = 0; j < table->relocation_count; j++)
            count += (symbol == UINT32_MAX || table->relocations[j].symbol == symbol) &&
                     (type == UINT32_MAX || table->relocations[j].type == type);
    }
    return count;
}

static unsigned count_sites(const struct object *object, size_t symbol)
{
    return count_relocations(object, (uint32_t)symbol, UINT32_MAX, UINT32_MAX);
}

static const char *access_of(const struct section *section)
{
    if (!section_has(section, SHF_ALLOC))
        return "-";
    if (section_has(section, SHF_EXECINSTR))
        return "rx";
    return section_has(section, SHF_WRITE) ? "rw" : "r";
}

/* Sections that say something: not the tables that ELF itself needs, nor what only debuggers read.
 */
static bool is_shown(const struct object *object, const struct section *section)
{
    uint32_t type = section->header.sh_type;

    return section->header.sh_size > 0 && type != SHT_SYMTAB && type != SHT_STRTAB &&
           type != SHT_RELA && !section_is_debug(object, section);
}

static const char *header_of(const struct declared *imports, const char *symbol)
{
    const char *header = declared_header(imports, symbol);

    return header ? header : "?";
}

static void print_symbols(const struct object *object, const struct declared *imports)
{
    for (size_t i = 1; i < object->symbol_count; i++)
        if (symbol_is_export(&object->symbols[i]))
            printf("  export  %-32s %llu bytes\n", object->symbols[i].name,
                   (unsigned long long)object->symbols[i].entry.st_size);
    for (size_t i = 1; i < object->symbol_count; i++)
        if (symbol_is_import(&object->symbols[i]))
            printf("  import  %-32s %s, %u sites\n", object->symbols[i].name,
                   header_of(imports, object->symbols[i].name), count_sites(object, i));
    for (size_t i = 1; i < object->symbol_count; i++)
        if (is_state(object, &object->symbols[i]))
            printf("  state   %-32s %llu bytes\n", object->symbols[i].name,
                   (unsigned long long)object->symbols[i].entry.st_size);
}

static void print_kinds(const struct object *object)
{
    struct declared_kind kind = {0};

    while (kind_next(object, &kind)) {
        printf("  kind    %-32s ", kind.name ? kind.name : "?");
        if (kind.bytes > 0)
            printf("%" PRIu64 " bytes, room for %" PRIu64 " more\n", kind.bytes, kind.room);
        else
            printf("buffers\n");
    }
}

static void print_text(const struct object *object, const struct declared *imports)
{
    const struct manifest *manifest = &object->manifest;

    printf("%s %s: %s\n", manifest->name, manifest->version, manifest->summary);
    printf("  provides %s\n", *manifest->provides ? manifest->provides : "no interface");
    print_symbols(object, imports);
    print_kinds(object);
    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *section = &object->sections[i];

        if (is_shown(object, section))
            printf("  section %-32s %-2s %llu bytes, %u relocations\n", section->name,
                   access_of(section), (unsigned long long)section->header.sh_size,
                   count_relocations(object, UINT32_MAX, (uint32_t)i, UINT32_MAX));
    }
    for (uint32_t type = 0; type < 256; type++) {
        unsigned count = count_relocations(object, UINT32_MAX, UINT32_MAX, type);

        if (count > 0)
            printf("  uses    %-32s %u times\n", relocation_name(type), count);
    }
}

/* Begins an element of a JSON list of objects: `,{"name":"..."`. */
static void json_begin(bool *first, const char *name)
{
    printf("%s{\"name\":", *first ? "" : ",");
    *first = false;
    json_print_string(stdout, name);
}

static void json_manifest(const struct object *object)
{
    const char *const keys[] = {"file", "name", "version", "summary"};
    const char *const values[] = {object->path, object->manifest.name, object->manifest.version,
                                  object->manifest.summary};
    const char *at = NULL, *separator = "";
    char interface[64];

    for (size_t i = 0; i < 4; i++) {
        printf("%s\"%s\":", i > 0 ? "," : "", keys[i]);
        json_print_string(stdout, values[i]);
    }
    printf(",\"provides\":[");
    for (; manifest_next_interface(&object->manifest, &at, interface); separator = ",") {
        printf("%s", separator);
        json_print_string(stdout, interface);
    }
    printf("]");
}

static void json_symbols(const struct object *object, const char *key,
                         bool (*is_member)(const struct object *, const struct symbol *))
{
    bool first = true;

    printf(",\"%s\":[", key);
    for (size_t i = 1; i < object->symbol_count; i++)
        if (is_member(object, &object->symbols[i])) {
            json_begin(&first, object->symbols[i].name);
            printf(",\"bytes\":%llu}", (unsigned long long)object->symbols[i].entry.st_size);
        }
    printf("]");
}

static bool is_export(const struct object *object, const struct symbol *symbol)
{
    (void)object;
    return symbol_is_export(symbol);
}

static void json_imports(const struct object *object, const struct declared *imports)
{
    bool first = true;

    printf(",\"imports\":[");
    for (size_t i = 1; i < object->symbol_count; i++)
        if (symbol_is_import(&object->symbols[i])) {
            json_begin(&first, object->symbols[i].name);
            printf(",\"header\":");
            json_print_string(stdout, header_of(imports, object->symbols[i].name));
            printf(",\"sites\":%u}", count_sites(object, i));
        }
    printf("]");
}

static void json_kinds(const struct object *object)
{
    struct declared_kind kind = {0};
    bool first = true;

    printf(",\"kinds\":[");
    while (kind_next(object, &kind)) {
        printf("%s{\"name\":", first ? "" : ",");
        json_print_string(stdout, kind.name ? kind.name : "?");
        printf(",\"bytes\":%" PRIu64 ",\"room\":%" PRIu64 "}", kind.bytes, kind.room);
        first = false;
    }
    printf("]");
}

static void json_sections(const struct object *object)
{
    bool first = true;

    printf(",\"sections\":[");
    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *section = &object->sections[i];

        if (!is_shown(object, section))
            continue;
        json_begin(&first, section->name);
        printf(",\"access\":\"%s\",\"bytes\":%llu,\"align\":%llu,\"relocations\":%u}",
               access_of(section), (unsigned long long)section->header.sh_size,
               (unsigned long long)section->header.sh_addralign,
               count_relocations(object, UINT32_MAX, (uint32_t)i, UINT32_MAX));
    }
    printf("],\"relocations\":{");
    first = true;
    for (uint32_t type = 0; type < 256; type++) {
        unsigned count = count_relocations(object, UINT32_MAX, UINT32_MAX, type);

        if (count == 0)
            continue;
        printf("%s\"%s\":%u", first ? "" : ",", relocation_name(type), count);
        first = false;
    }
    printf("}");
}

static void print_json(const struct object *object, const struct declared *imports)
{
    printf("{");
    json_manifest(object);
    json_symbols(object, "exports", is_export);
    json_imports(object, imports);
    json_symbols(object, "state", is_state);
    json_kinds(object);
    json_sections(object);
    printf("}");
}

/* @return false, with the reason said: it is no cell. */
static bool report_file(const char *path, bool json)
{
    struct object object = {0};
    struct declared imports = {0};
    const struct section *list;

    if (!object_read(&object, path))
        return false;
    manifest_check(&object);
    list = section_find(&object, SECTION_IMPORTS);
    if (object.findings > 0 ||
        (list && !declared_parse(&imports, object.path, list->bytes, list->header.sh_size)))
        return false;
    if (json)
        print_json(&object, &imports);
    else
        print_text(&object, &imports);
    return true;
}

static int report_run(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    int first = json ? 2 : 1;

    for (int i = first; i < argc; i++)
        if (argv[i][0] == '-')
            return usage_error(&report_command, "no option %s", argv[i]);
    if (argc == first)
        return usage_error(&report_command, "it takes a file");
    if (json && argc > first + 1)
        printf("[");
    for (int i = first; i < argc; i++) {
        if (i > first)
            printf(json ? "," : "\n");
        if (!report_file(argv[i], json))
            return PACK_REFUSED;
    }
    if (json)
        printf(argc > first + 1 ? "]\n" : "\n");
    return PACK_OK;
}

const struct command report_command = {
    .name = "report",
    .usage = "report [--json] NAME.cell...",
    .help = "Says what a cell provides, needs and holds: manifest, exports, imports with the "
            "header that\n"
            "declares them, state, kinds, sections, relocations by type. Debug sections are left "
            "out.\n"
            "Kinds of heap objects are those that the cell declares with KIND. The commands cell\n"
            "and heap of the guest's shell show what there is, and who holds it. With --json one\n"
            "file gives an object, several give a list of them. `pack --report` means the same.",
    .run = report_run,
};
