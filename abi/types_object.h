/**
 * @file types_object.h
 * Finds the text of a cell's types (types_text.h) in its object: of a loaded cell (struct cell, nucleus/records.h), or
 * of a file of the boot archive, which nobody has checked.
 */
#ifndef MITOS_TYPES_OBJECT_H
#define MITOS_TYPES_OBJECT_H

#include "nucleus/object.h"
#include "types_text.h"

/** Copies @p bytes from byte @p at of the object. @return false: they are not in it. */
static inline bool types_object_read(struct types_span object, uint64_t at, void *to, size_t bytes)
{
    if (at > object.bytes || bytes > object.bytes - at)
        return false;
    for (size_t i = 0; i < bytes; i++)
        ((char *)to)[i] = object.at[at + i];
    return true;
}

/** Copies the header of section @p number. @return false: there is none. */
static inline bool types_object_section(struct types_span object, const struct elf_header *header, uint64_t number,
                                        struct elf_section *section)
{
    return header->shoff <= object.bytes &&
           types_object_read(object, header->shoff + number * sizeof *section, section, sizeof *section);
}

/** The content of section @p name, within the object. @return false: there is none. */
static inline bool types_object_find(const void *object, size_t bytes, const char *name, struct types_span *content)
{
    const struct types_span all = {object, bytes}, wanted = types_word(name);
    struct elf_header header;
    struct elf_section names, section;

    if (!types_object_read(all, 0, &header, sizeof header) ||
        !types_object_section(all, &header, header.shstrndx, &names) || names.offset > bytes)
        return false;
    for (unsigned i = 1; i < header.shnum && types_object_section(all, &header, i, &section); i++) {
        char here[32]; /* the name with its NUL, or what begins like it */
        struct types_span begin = {here, wanted.bytes};

        if (begin.bytes >= sizeof here ||
            !types_object_read(all, names.offset + section.name, here, begin.bytes + 1) ||
            !types_equal(begin, wanted) || here[begin.bytes] != '\0')
            continue;
        *content = (struct types_span){all.at + section.offset, section.size};
        return section.offset <= bytes && section.size <= bytes - section.offset;
    }
    return false;
}

/** The whole text, as types_open() takes it. */
static inline bool types_of_object(const void *object, size_t bytes, struct types_span *text)
{
    return types_object_find(object, bytes, ".mitos.types", text);
}

#endif
