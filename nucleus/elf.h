/**
 * @file elf.h
 * A validated view of a relocatable object (ET_REL, nucleus/object.h) in memory.
 *
 * elf_open() checks everything once: headers, ranges, overlaps, names, symbols. (Of the entries of
 * relocation tables only the symbols' numbers; link_apply() does the rest.) Then every number in the image can be used as it is, and
 * the accessors cannot fail; indexes given to them must be below the counts. Nothing is allocated, nothing
 * copied: the bytes must stay.
 */
#ifndef MITOS_NUCLEUS_ELF_H
#define MITOS_NUCLEUS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/object.h"
#include "nucleus/records.h"
#include "nucleus/why.h"
#include "status.h"

struct elf_image {
    const uint8_t *bytes;
    size_t length;
    const struct elf_section *sections;
    const struct elf_symbol *symbols; /* the local ones come first */
    const char *section_names, *symbol_names;
    uint64_t section_names_bytes, symbol_names_bytes;
    uint32_t section_count, symbol_count; /* the null entry 0 included */
    uint32_t first_global;
    uint32_t function_count, export_count, import_count;
    uint32_t site_count; /* relocations that refer to imports: not more */
    /* The sections of which there is at most one; 0: none. */
    uint32_t symbol_table, manifest, state, eh_frame, except_table;
    uint8_t classes[ELF_MAX_SECTIONS]; /* enum section_class of each section */
    uint8_t tables[ELF_MAX_SECTIONS]; /* the section with its relocations; 0: not loaded, or none */
};

/**
 * Checks @p length bytes at @p bytes and makes @p image a view of them.
 * @return OK; ERR_FORMAT not an object, damaged, or not 8-aligned in memory; ERR_UNSUPPORTED a well-formed
 * object that is no cell (writable data, TLS, constructors, exported data, another machine ...).
 */
MUST_CHECK enum status elf_open(struct elf_image *image, const void *bytes, size_t length,
                                struct why *why);

/** Whether @p size bytes from @p offset lie below @p limit; no sum that can wrap. */
static inline bool elf_inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static inline const char *elf_section_name(const struct elf_image *image, uint32_t section)
{
    return image->section_names + image->sections[section].name;
}
static inline const char *elf_symbol_name(const struct elf_image *image, uint32_t symbol)
{
    return image->symbol_names + image->symbols[symbol].name;
}
/** A function that this object defines, static ones included. It lies in text. */
static inline bool elf_symbol_is_function(const struct elf_image *image, uint32_t symbol)
{
    return (image->symbols[symbol].info & 15) == STT_FUNC &&
           image->symbols[symbol].shndx != SHN_UNDEF;
}
/** A function that other cells may call. */
static inline bool elf_symbol_is_export(const struct elf_image *image, uint32_t symbol)
{
    return elf_symbol_is_function(image, symbol) && image->symbols[symbol].info >> 4 != STB_LOCAL &&
           (image->symbols[symbol].other & 3) == STV_DEFAULT;
}
/** A function that another cell, or the nucleus, must provide. Never weak. */
static inline bool elf_symbol_is_import(const struct elf_image *image, uint32_t symbol)
{
    return symbol != 0 && image->symbols[symbol].shndx == SHN_UNDEF;
}

#endif
