/* Makes the copies of cells in the boot archive small and quick to load: what only a debugger needs is left
 * out, what does not depend on addresses is linked already (prelink.c), and what only served that is left
 * out, too. The cells in the build tree keep everything. Unwind tables, signatures and the text of types, and the names
 * of functions and of source files stay. */
#include "pack.h"

#include <string.h>

static void drop_debug_sections(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++) {
        struct section *section = &object->sections[i];

        if (section_is_debug(object, section) || strcmp(section->name, ".comment") == 0 ||
            strcmp(section->name, ".riscv.attributes") == 0)
            section->dropped = true;
    }
}

/* Labels, data and section symbols that no remaining relocation refers to, and empty sections without a
 * symbol. */
static void drop_unused(struct object *object)
{
    bool *used = memory_take(object->symbol_count, sizeof *used);
    bool *occupied = memory_take(object->section_count, sizeof *occupied);

    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        for (size_t j = 0; !table->dropped && j < table->relocation_count; j++)
            used[table->relocations[j].symbol] = true;
    }
    for (size_t i = 1; i < object->symbol_count; i++) {
        struct symbol *symbol = &object->symbols[i];
        unsigned type = ELF64_ST_TYPE(symbol->entry.st_info);

        if (ELF64_ST_BIND(symbol->entry.st_info) == STB_LOCAL && !used[i] &&
            (type == STT_NOTYPE || type == STT_SECTION || type == STT_OBJECT))
            symbol->dropped = true;
        else if (symbol_section(object, symbol))
            occupied[symbol->entry.st_shndx] = true;
    }
    for (size_t i = 1; i < object->section_count; i++)
        if (section_has(&object->sections[i], SHF_ALLOC) &&
            object->sections[i].header.sh_size == 0 && !occupied[i])
            object->sections[i].dropped = true;
}

void strip_debug(struct object *object)
{
    drop_debug_sections(object);
    prelink(object);
    drop_unused(object);
}
