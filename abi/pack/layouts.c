/* The layouts that outlive a version of a cell: its state, its kinds, and those that it can migrate. A kind and a
 * migration are constants in sections of their own (abi/nucleus/heap.h, abi/evolve.h); beside each stands a pointer,
 * type_of_NAME, which tells the type to BTF. Neither that nor BTF itself, whose order GCC leaves to chance, gets into the cell. */
#include "signatures.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_KINDS ".cell.kinds"
#define SECTION_MIGRATIONS ".cell.migrations"
#define SECTION_TYPE_OF ".mitos.type_of"

#define ENTRY_BYTES 48u /* struct kind_type, struct migration */
#define KIND_NAME 0u
#define KIND_OBJECT_BYTES 8u
#define KIND_SIGNATURE 32u
#define MIGRATION_KIND 0u
#define MIGRATION_FROM 8u

/* An entry of one of the sections. */
struct entry {
    struct section *section;
    const struct symbol *symbol;
    const char *file;
    uint64_t offset;
};

static const struct relocation *relocation_at(const struct object *object,
                                              const struct section *section, uint64_t offset)
{
    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        if (table->header.sh_type != SHT_RELA || &object->sections[table->header.sh_info] != section)
            continue;
        for (size_t j = 0; j < table->relocation_count; j++)
            if (table->relocations[j].offset == offset)
                return &table->relocations[j];
    }
    return NULL;
}

static uint64_t word_at(const struct section *section, uint64_t offset)
{
    uint64_t word;

    memcpy(&word, section->bytes + offset, sizeof word);
    return word;
}

/* Bytes of sections are the file's until here. */
static void set_word(struct section *section, uint64_t offset, uint64_t word)
{
    uint8_t *bytes = memory_take(section->header.sh_size, 1);

    memcpy(bytes, section->bytes, section->header.sh_size);
    memcpy(bytes + offset, &word, sizeof word);
    section->bytes = bytes;
}

/* Goes to the next one; *number starts as 0. */
static bool next_entry(const struct object *object, struct section *section, size_t *number,
                       struct entry *entry)
{
    while (++*number < object->symbol_count) {
        const struct symbol *symbol = &object->symbols[*number];

        if (symbol_section(object, symbol) != section ||
            ELF64_ST_TYPE(symbol->entry.st_info) != STT_OBJECT)
            continue;
        *entry = (struct entry){section, symbol, symbol->file, symbol->entry.st_value};
        return true;
    }
    return false;
}

/* Every byte of the section belongs to a variable that is as large as an entry. */
static bool entries_are_whole(struct object *object, struct section *section, const char *macro)
{
    struct entry entry;
    size_t number = 0, count = 0;
    bool good = section->bytes != NULL;

    while (next_entry(object, section, &number, &entry)) {
        count++;
        good = good && entry.offset % ENTRY_BYTES == 0 && entry.symbol->entry.st_size == ENTRY_BYTES &&
               entry.offset + ENTRY_BYTES <= section->header.sh_size;
    }
    if (good && count * ENTRY_BYTES == section->header.sh_size)
        return true;
    finding_add(object, finding_file_at(object, section, 0), section->name,
                "has something else than %s() makes", macro);
    return false;
}

/* The name in a kind's entry. */
static const char *kind_name(const struct object *object, const struct section *section,
                             uint64_t offset)
{
    const struct relocation *relocation = relocation_at(object, section, offset + KIND_NAME);
    const char *name = relocation ? relocated_string(object, relocation) : NULL;

    return name && *name ? name : NULL;
}

/* Finds the type that the pointer type_of_NAME leads to, and adds its layout. @return its signature. */
static uint64_t add_pointed(struct object *object, const struct btf_units *units,
                            struct types_writer *types, const struct entry *entry, const char *what,
                            const char *name)
{
    const char *variable = text_format("type_of_%s", entry->symbol->name);
    const struct btf_unit *unit = NULL;
    uint32_t type = 0, pointee;
    unsigned found = btf_find_variable(units, variable, &unit, &type);
    uint64_t signature;

    if (found > 1) {
        finding_add(object, entry->file, entry->symbol->name,
                    "declared in two files of the cell; give one of them another name");
        return 0;
    }
    pointee = found == 1 ? btf_pointee(unit, type) : UINT32_MAX;
    if (pointee == UINT32_MAX) {
        finding_add(object, entry->file, entry->symbol->name,
                    "its type is not found in the object's BTF (compile with -g -gbtf)");
        return 0;
    }
    types->wrong = NULL;
    signature = types_add_layout(types, what, name, unit, pointee);
    if (types->wrong)
        finding_add(object, entry->file, entry->symbol->name, "%s", types->wrong);
    return signature;
}

static void add_kinds(struct object *object, const struct btf_units *units,
                      struct types_writer *types)
{
    struct section *section = section_find(object, SECTION_KINDS);
    struct entry entry;
    size_t number = 0;

    if (!section || !entries_are_whole(object, section, "KIND"))
        return;
    while (next_entry(object, section, &number, &entry)) {
        const char *name = kind_name(object, section, entry.offset);

        if (!name)
            finding_add(object, entry.file, entry.symbol->name, "its name is not a constant string");
        else if (word_at(section, entry.offset + KIND_OBJECT_BYTES) != 0) /* 0: of buffers */
            set_word(section, entry.offset + KIND_SIGNATURE,
                     add_pointed(object, units, types, &entry, "kind", name));
    }
}

/* What a migration is of: the name of a kind; "" for the state; NULL: neither. */
static const char *migrated(const struct object *object, const struct entry *entry)
{
    const struct relocation *relocation =
        relocation_at(object, entry->section, entry->offset + MIGRATION_KIND);
    const struct symbol *symbol = relocation ? &object->symbols[relocation->symbol] : NULL;
    const struct section *kinds = section_find(object, SECTION_KINDS);

    if (!symbol)
        return "";
    if (!kinds || symbol_section(object, symbol) != kinds)
        return NULL;
    return kind_name(object, kinds, symbol->entry.st_value + (uint64_t)relocation->addend);
}

static void add_migrations(struct object *object, const struct btf_units *units,
                           struct types_writer *types)
{
    struct section *section = section_find(object, SECTION_MIGRATIONS);
    struct entry entry;
    size_t number = 0;

    if (!section || !entries_are_whole(object, section, "MIGRATE"))
        return;
    while (next_entry(object, section, &number, &entry)) {
        const char *kind = migrated(object, &entry);
        const char *what = kind && *kind ? "migrates_kind" : "migrates_state";

        if (!kind)
            finding_add(object, entry.file, entry.symbol->name, "migrates what is no KIND of this cell");
        else
            set_word(section, entry.offset + MIGRATION_FROM,
                     add_pointed(object, units, types, &entry, what, *kind ? kind : "state"));
    }
}

static uint64_t add_state(struct object *object, const struct btf_units *units,
                          struct types_writer *types)
{
    const struct section *section = section_find(object, SECTION_STATE);
    const struct btf_unit *unit = NULL;
    uint32_t type = 0;
    unsigned found;
    uint64_t signature;

    if (!section || section->header.sh_size == 0)
        return 0;
    found = btf_find_in_section(units, SECTION_STATE, &unit, &type);
    if (found != 1) {
        finding_add(object, finding_file_at(object, section, 0), "state",
                    found > 1 ? "one of several states; a cell has one CELL_STATE"
                              : "its type is not found in the object's BTF (compile with -g -gbtf)");
        return 0;
    }
    types->wrong = NULL;
    signature = types_add_layout(types, "state", "state", unit, type);
    if (types->wrong)
        finding_add(object, finding_file_at(object, section, 0), "state", "%s", types->wrong);
    return signature;
}

uint64_t layouts_add(struct object *object, const char *state_of, struct types_writer *types)
{
    struct section *type_of = section_find(object, SECTION_TYPE_OF);
    struct section *btf = section_find(object, SECTION_BTF);
    struct btf_units units = {0};
    uint64_t state;

    if (!btf_read(object, &units))
        return 0;
    add_kinds(object, &units, types);
    add_migrations(object, &units, types);
    state = state_of ? state_kept(object, state_of, types) : add_state(object, &units, types);
    if (type_of)
        type_of->dropped = true;
    if (btf)
        btf->dropped = true;
    return state;
}
