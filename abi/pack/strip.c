/* Leaves out what only a debugger needs: the copies in the boot archive are small and quick to
 * load. The cells in the build tree keep everything. Unwind tables, BTF, and the names of
 * functions, data and source files stay. */
#include "pack.h"

static void drop_debug_sections(struct object *object)
{
    for (size_t i = 1; i < object->section_count; i++)
        if (section_is_debug(object, &object->sections[i]))
            object->sections[i].dropped = true;
}

/* Labels and section symbols that no remaining relocation refers to. */
static void drop_unused_labels(struct object *object)
{
    bool *used = memory_take(object->symbol_count, sizeof *used);

    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *table = &object->sections[i];

        for (size_t j = 0; !table->dropped && j < table->relocation_count; j++)
            used[table->relocations[j].symbol] = true;
    }
    for (size_t i = 1; i < object->symbol_count; i++) {
        struct symbol *symbol = &object->symbols[i];
        unsigned type = ELF64_ST_TYPE(symbol->entry.st_info);

        if (ELF64_ST_BIND(symbol->entry.st_info) == STB_LOCAL && !used[i] &&
            (type == STT_NOTYPE || type == STT_SECTION))
            symbol->dropped = true;
    }
}

void strip_debug(struct object *object)
{
    drop_debug_sections(object);
    drop_unused_labels(object);
}
