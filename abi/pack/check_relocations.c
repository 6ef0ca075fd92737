/* Rules on relocations: those that the nucleus' linker knows, by where they may stand. */
#include "../nucleus/object_rules.h"
#include "pack.h"

#include <string.h>

/* Where a type may occur in sections that are loaded. */
enum place { NOWHERE = 0, TEXT = 1, DATA = 2, BOTH = TEXT | DATA };

#define TYPE(number, name, place) [number] = {"R_RISCV_" #name, place},
static const struct {
    const char *name;
    enum place place;
} types[] = {RELOCATIONS(TYPE)};

#define TYPE_COUNT (sizeof types / sizeof *types)

const char *relocation_name(uint32_t type)
{
    if (type < TYPE_COUNT && types[type].name)
        return types[type].name;
    return text_format("relocation type %u", type);
}

static const char *hint(uint32_t type)
{
    switch (type) {
    case R_RISCV_ALIGN:
        return " (compile with -mno-relax)";
    case R_RISCV_HI20:
    case R_RISCV_LO12_I:
    case R_RISCV_LO12_S:
        return " (compile with -mcmodel=medany)";
    case R_RISCV_GOT_HI20:
        return " (compile without -fPIC)";
    case R_RISCV_64:
        return " (an absolute address in text)";
    default:
        return "";
    }
}

/* Whether the symbol of a relocation will have an address. Common symbols are refused for
 * themselves. */
static bool is_loaded(const struct object *object, const struct symbol *symbol)
{
    const struct section *section = symbol_section(object, symbol);

    return section ? section_has(section, SHF_ALLOC) : symbol->entry.st_shndx != SHN_ABS;
}

static void check_relocation(struct object *object, const struct section *target,
                             const struct relocation *relocation)
{
    const struct symbol *symbol = &object->symbols[relocation->symbol];
    const struct symbol *function = finding_function_at(object, target, relocation->offset);
    const char *name = function ? function->name : NULL;
    enum place place = section_has(target, SHF_EXECINSTR) ? TEXT : DATA;
    uint32_t type = relocation->type;

    if (type >= TYPE_COUNT || (types[type].place & place) == 0)
        finding_add(object, finding_file_at(object, target, relocation->offset), name,
                    "unsupported relocation %s at %s+0x%llx%s", relocation_name(type), target->name,
                    (unsigned long long)relocation->offset, hint(type));
    else if (type != R_RISCV_NONE && type != R_RISCV_RELAX && !is_loaded(object, symbol))
        finding_add(object, finding_file_at(object, target, relocation->offset), name,
                    "refers to \"%s\", which is in no loaded section, at %s+0x%llx", symbol->name,
                    target->name, (unsigned long long)relocation->offset);
}

static void check_table(struct object *object, const struct section *table)
{
    for (size_t i = 0; i < table->relocation_count; i++)
        check_relocation(object, &object->sections[table->header.sh_info], &table->relocations[i]);
}

void check_relocations(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];
        const struct section *target = &object->sections[table->header.sh_info];

        if (table->header.sh_type != SHT_RELA || !section_has(target, SHF_ALLOC))
            continue;
        if (strcmp(target->name, SECTION_STATE) == 0 && table->relocation_count > 0)
            finding_add(
                object, finding_file_at(object, target, table->relocations[0].offset), "state",
                "has an initial value that is an address; state is zeroed at load: set it in "
                "init()");
        else
            check_table(object, table);
    }
}
