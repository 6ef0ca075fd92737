/* Findings: what is wrong with an object, and where in the sources it comes from.
 *
 * `ld -r` keeps an STT_FILE symbol for each source file, followed by that file's local symbols.
 * Global symbols have no file of their own; since the linker joins sections file by file, the
 * nearest local symbol before them in the section (GCC labels every function's start) tells. */
#include "pack.h"

#include <stdarg.h>
#include <string.h>

void finding_add(struct object *object, const char *file, const char *symbol, const char *format,
                 ...)
{
    va_list arguments;
    char what[512];

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (object->accepted && strstr(what, object->accepted))
        return;
    object->findings++;
    if (object->quiet)
        return;
    fprintf(stderr, "%s: ", file ? file : object->path);
    if (symbol)
        fprintf(stderr, "%s: ", symbol);
    fprintf(stderr, "%s\n", what);
}

/* The source file of an object that has one only. */
static const char *only_file(const struct object *object)
{
    const char *file = NULL;

    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (ELF64_ST_TYPE(symbol->entry.st_info) != STT_FILE || symbol->name[0] == '\0')
            continue;
        if (file && strcmp(file, symbol->name) != 0)
            return NULL;
        file = symbol->name;
    }
    return file;
}

const char *finding_file_at(const struct object *object, const struct section *section,
                            uint64_t offset)
{
    const struct symbol *nearest = NULL;

    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (!symbol->file || symbol_section(object, symbol) != section ||
            symbol->entry.st_value > offset || ELF64_ST_TYPE(symbol->entry.st_info) == STT_SECTION)
            continue;
        if (!nearest || symbol->entry.st_value >= nearest->entry.st_value)
            nearest = symbol;
    }
    return nearest ? nearest->file : only_file(object);
}

/* The first place that refers to a symbol, for symbols that have no place themselves. */
static const char *file_of_first_use(const struct object *object, const struct symbol *symbol)
{
    size_t number = (size_t)(symbol - object->symbols);

    for (size_t i = 1; i < object->section_count; i++) {
        const struct section *section = &object->sections[i];

        for (size_t j = 0; j < section->relocation_count; j++)
            if (section->relocations[j].symbol == number)
                return finding_file_at(object, &object->sections[section->header.sh_info],
                                       section->relocations[j].offset);
    }
    return only_file(object);
}

const char *finding_file_of(const struct object *object, const struct symbol *symbol)
{
    const struct section *section = symbol_section(object, symbol);

    if (symbol->file)
        return symbol->file;
    return section ? finding_file_at(object, section, symbol->entry.st_value)
                   : file_of_first_use(object, symbol);
}

const struct symbol *finding_function_at(const struct object *object, const struct section *section,
                                         uint64_t offset)
{
    for (size_t i = 1; i < object->symbol_count; i++) {
        const struct symbol *symbol = &object->symbols[i];

        if (ELF64_ST_TYPE(symbol->entry.st_info) == STT_FUNC &&
            symbol_section(object, symbol) == section && symbol->entry.st_value <= offset &&
            offset - symbol->entry.st_value < symbol->entry.st_size)
            return symbol;
    }
    return NULL;
}
