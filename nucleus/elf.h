/**
 * @file elf.h
 * A validated view of a relocatable object (ET_REL) in memory.
 *
 * elf_open() checks everything once: headers, ranges, overlaps, names, symbols. (The entries of
 * relocation tables are checked by link_scan().) The accessors then cannot fail; indexes given to
 * them must be below the counts. Nothing is allocated, nothing copied: the bytes must stay.
 */
#ifndef MITOS_NUCLEUS_ELF_H
#define MITOS_NUCLEUS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf_format.h"
#include "nucleus/records.h"
#include "nucleus/why.h"
#include "status.h"

#define ELF_MAX_BYTES (64ul << 20) /* of an object, and of its state */
#define ELF_MAX_SECTIONS 1024u
#define ELF_MAX_GLOBALS 4096u /* symbols that are not local */
#define ELF_MAX_ALIGN 4096u

struct elf_image {
    const uint8_t *bytes;
    size_t length;
    const struct elf_section *sections;
    const struct elf_symbol *symbols;
    const char *section_names, *symbol_names;
    uint32_t section_count, symbol_count;
    uint64_t section_names_bytes, symbol_names_bytes;
    uint32_t symbol_table; /* its section */
    /* The sections of which there is at most one; 0: none. */
    uint32_t manifest, state, eh_frame, except_table;
};

/**
 * Checks @p length bytes at @p bytes and makes @p image a view of them.
 * @return OK; ERR_FORMAT not an object, damaged, or not 8-aligned in memory; ERR_UNSUPPORTED a well-formed
 * object that is no cell (writable data, TLS, constructors, exported data, another machine ...).
 */
MUST_CHECK enum status elf_open(struct elf_image *image, const void *bytes, size_t length,
                                struct why *why);

/** Counts include the null entry 0. */
static inline unsigned elf_section_count(const struct elf_image *image)
{
    return image->section_count;
}
static inline unsigned elf_symbol_count(const struct elf_image *image)
{
    return image->symbol_count;
}

enum section_class elf_section_class(const struct elf_image *image, uint32_t section);
/** NAME of a section `.cell.set.NAME`. */
const char *elf_set_name(const struct elf_image *image, uint32_t section);

static inline const char *elf_section_name(const struct elf_image *image, uint32_t section)
{
    return image->section_names + image->sections[section].name;
}
static inline uint64_t elf_section_bytes(const struct elf_image *image, uint32_t section)
{
    return image->sections[section].size;
}
/** Whether the loader gives it an address: its class is not SECTION_IGNORED. */
static inline bool elf_section_is_loaded(const struct elf_image *image, uint32_t section)
{
    const struct elf_section *header = &image->sections[section];

    return header->flags & SHF_ALLOC && (header->size != 0 || !(header->flags & SHF_WRITE));
}
/** A power of two, 1 to ELF_MAX_ALIGN; at least 2 for text. */
static inline uint64_t elf_section_align(const struct elf_image *image, uint32_t section)
{
    uint64_t align = image->sections[section].addralign;

    return align ? align : 1;
}
/** The section's bytes in the image; NULL for SHT_NOBITS. */
static inline const uint8_t *elf_section_data(const struct elf_image *image, uint32_t section)
{
    if (image->sections[section].type == SHT_NOBITS)
        return NULL;
    return image->bytes + image->sections[section].offset;
}

/** The entries, still unchecked, of a section of type SHT_RELA; they apply to section number `sections[table].info`. */
static inline const struct elf_relocation *elf_relocations(const struct elf_image *image,
                                                           uint32_t table, uint32_t *count)
{
    *count = (uint32_t)(image->sections[table].size / sizeof(struct elf_relocation));
    return (const void *)(image->bytes + image->sections[table].offset);
}

static inline const char *elf_symbol_name(const struct elf_image *image, uint32_t symbol)
{
    return image->symbol_names + image->symbols[symbol].name;
}
/** The offset in its section. */
static inline uint64_t elf_symbol_value(const struct elf_image *image, uint32_t symbol)
{
    return image->symbols[symbol].value;
}
static inline uint64_t elf_symbol_bytes(const struct elf_image *image, uint32_t symbol)
{
    return image->symbols[symbol].size;
}
/** A section's index, SHN_UNDEF or SHN_ABS. */
static inline uint32_t elf_symbol_section(const struct elf_image *image, uint32_t symbol)
{
    return image->symbols[symbol].shndx;
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
    return symbol != 0 && elf_symbol_section(image, symbol) == SHN_UNDEF;
}

#endif
