/* Rules on symbols: what a cell may define for others, and what it may ask for. */
#include "pack.h"

#include <string.h>

static void check_definition(struct object *object, const struct symbol *symbol)
{
    const char *file = finding_file_of(object, symbol);
    unsigned type = ELF64_ST_TYPE(symbol->entry.st_info);

    if (symbol->entry.st_shndx == SHN_COMMON) {
        finding_add(
            object, file, symbol->name,
            "common symbol, that is writable data; a cell's only writable storage is CELL_STATE");
        return;
    }
    if (!symbol_is_export(symbol))
        return;
    if (ELF64_ST_BIND(symbol->entry.st_info) != STB_GLOBAL)
        finding_add(object, file, symbol->name,
                    "weak or unique definition; a cell's exports are strong");
    else if (type == STT_OBJECT)
        finding_add(object, file, symbol->name, "exported data; a cell exports functions only");
    else if (type != STT_FUNC)
        finding_add(object, file, symbol->name, "exported, but not a function");
}

static void check_import(struct object *object, const struct symbol *symbol)
{
    const char *file = finding_file_of(object, symbol);

    if (ELF64_ST_BIND(symbol->entry.st_info) == STB_WEAK)
        finding_add(object, file, symbol->name,
                    "weak and undefined; a cell cannot test for a function");
    else if (ELF64_ST_VISIBILITY(symbol->entry.st_other) != STV_DEFAULT)
        finding_add(object, file, symbol->name, "hidden, but no file of the cell defines it");
}

void check_symbols(struct object *object)
{
    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (ELF64_ST_TYPE(symbol->entry.st_info) == STT_TLS)
            finding_add(object, finding_file_of(object, symbol), symbol->name,
                        "thread-local variable; a cell has none");
        else if (symbol_is_import(symbol))
            check_import(object, symbol);
        else
            check_definition(object, symbol);
    }
}

static void check_declared_import(struct object *object, const struct symbol *symbol)
{
    const char *file = finding_file_of(object, symbol);

    /* Names that begin so are the compiler's own (ISO C 7.1.3). */
    if (strncmp(symbol->name, "__", 2) == 0)
        finding_add(
            object, file, symbol->name,
            "called by the compiler itself, and not in abi/nucleus/runtime.h: write the code "
            "without the operation (128-bit or floating-point arithmetic, small atomics)");
    else
        finding_add(object, file, symbol->name, "imported, but no header of abi/ declares it");
}

/* A cell that provides an interface defines every function of its header. */
static void check_provided(struct object *object, const struct declared *declared,
                           const char *interface)
{
    const char *header = text_format("%s.h", interface);
    unsigned known = 0;

    for (size_t i = 0; i < declared->count; i++) {
        const struct declared_function *function = &declared->functions[i];
        bool defined = false;

        if (strcmp(function->header, header) != 0)
            continue;
        known++;
        if (object->stand_in && is_hook(function->name))
            continue;
        for (size_t j = 1; j < object->symbol_count && !defined; j++)
            defined = symbol_is_export(&object->symbols[j]) &&
                      strcmp(object->symbols[j].name, function->name) == 0;
        if (!defined)
            finding_add(object, NULL, function->name,
                        "not exported, but the cell provides `%s`, and abi/%s declares it",
                        interface, header);
    }
    if (known == 0)
        finding_add(object, NULL, interface, "provided, but abi/%s declares no function", header);
}

void check_interfaces(struct object *object, const struct declared *declared)
{
    const char *at = NULL;
    char interface[64];

    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (declared_header(declared, symbol->name))
            continue;
        if (symbol_is_import(symbol))
            check_declared_import(object, symbol);
        else if (symbol_is_export(symbol) && ELF64_ST_TYPE(symbol->entry.st_info) == STT_FUNC)
            finding_add(object, finding_file_of(object, symbol), symbol->name,
                        "exported, but no header of abi/ declares it");
    }
    while (object->manifest.found && manifest_next_interface(&object->manifest, &at, interface))
        check_provided(object, declared, interface);
}
