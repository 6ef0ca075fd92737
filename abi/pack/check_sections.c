/* Rules on sections: where a cell may keep data, and what would run or be written behind its back.
 */
#include "pack.h"

#include <ctype.h>
#include <string.h>

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Writable in the object, but not once packed: see cell.c. */
static bool is_made_read_only(const struct section *section)
{
    return section_is_personality(section) || starts_with(section->name, ".gcc_except_table");
}

static bool is_constructor(const struct section *section)
{
    static const char *const names[] = {".init_array", ".fini_array", ".preinit_array", ".ctors",
                                        ".dtors"};

    if (section->header.sh_type == SHT_INIT_ARRAY || section->header.sh_type == SHT_FINI_ARRAY ||
        section->header.sh_type == SHT_PREINIT_ARRAY)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (starts_with(section->name, names[i]))
            return true;
    return strcmp(section->name, ".init") == 0 || strcmp(section->name, ".fini") == 0;
}

/* GCC names a static local NAME.NUMBER. */
static bool is_static_local(const char *name)
{
    const char *dot = strrchr(name, '.');

    if (!dot || dot == name || dot[1] == '\0')
        return false;
    for (const char *digit = dot + 1; *digit; digit++)
        if (!isdigit((unsigned char)*digit))
            return false;
    return true;
}

/* One finding for each variable in a writable section; for none that has a name, one for the
 * section. */
static void refuse_writable(struct object *object, const struct section *section)
{
    unsigned named = 0;

    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (symbol_section(object, symbol) != section ||
            ELF64_ST_TYPE(symbol->entry.st_info) != STT_OBJECT)
            continue;
        named++;
        finding_add(object, finding_file_of(object, symbol), symbol->name,
                    "%s in %s (%llu bytes); a cell's only writable storage is CELL_STATE",
                    is_static_local(symbol->name) ? "static local" : "writable data", section->name,
                    (unsigned long long)symbol->entry.st_size);
    }
    if (named == 0)
        finding_add(object, finding_file_at(object, section, 0), section->name,
                    "writable data (%llu bytes); a cell's only writable storage is CELL_STATE",
                    (unsigned long long)section->header.sh_size);
}

/* State is zeroed at load: a value given in the source would be lost. */
static void check_state_is_zero(struct object *object, const struct section *section)
{
    for (uint64_t i = 0; section->bytes && i < section->header.sh_size; i++)
        if (section->bytes[i] != 0) {
            finding_add(
                object, finding_file_at(object, section, i), "state",
                "has an initial value at byte %llu; state is zeroed at load: set it in init()",
                (unsigned long long)i);
            return;
        }
}

static void refuse_constructor(struct object *object, const struct section *section)
{
    unsigned named = 0;

    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        if (table->header.sh_type != SHT_RELA ||
            &object->sections[table->header.sh_info] != section)
            continue;
        for (size_t j = 0; j < table->relocation_count; j++, named++) {
            const struct symbol *symbol = &object->symbols[table->relocations[j].symbol];

            finding_add(object, finding_file_of(object, symbol), symbol->name,
                        "constructor or destructor (%s); use init(), start() and stop() of CELL()",
                        section->name);
        }
    }
    if (named == 0)
        finding_add(object, NULL, section->name,
                    "constructor or destructor; use init(), start() and stop() of CELL()");
}

static void check_section(struct object *object, const struct section *section)
{
    const char *file = finding_file_at(object, section, UINT64_MAX);

    if (section->header.sh_size == 0 || !section_has(section, SHF_ALLOC))
        return;
    if (section_has(section, SHF_TLS)) {
        finding_add(object, file, section->name, "thread-local data; a cell has none");
        return;
    }
    if (is_constructor(section)) {
        refuse_constructor(object, section);
        return;
    }
    if (section_has(section, SHF_WRITE | SHF_EXECINSTR)) {
        finding_add(object, file, section->name, "both writable and executable");
        return;
    }
    if (strcmp(section->name, SECTION_STATE) == 0)
        check_state_is_zero(object, section);
    else if (section_has(section, SHF_WRITE) && !is_made_read_only(section))
        refuse_writable(object, section);
    else if (section->header.sh_type == SHT_NOBITS)
        finding_add(object, file, section->name, "data without content that is not writable");
}

void check_sections(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++)
        check_section(object, &object->sections[i]);
}
