/**
 * @file link.h
 * From an object to bytes that can run: opening it (elf.c), relocation against final addresses, in staging bytes that
 * the loader copies to text, and then the checks of what the nucleus itself reads of a cell, its manifest
 * and its unwind tables.
 *
 * Calls are bound directly. An address taken of a function is bound to a stub, so that it survives a
 * swap; which address that is, the loader says through resolve(). Exempt are .cell.manifest, .eh_frame,
 * .gcc_except_table and .rodata.DW.ref*, whose function addresses only the nucleus reads: they bind
 * directly.
 */
#ifndef MITOS_NUCLEUS_LINK_H
#define MITOS_NUCLEUS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/object.h"
#include "nucleus/records.h"
#include "nucleus/why.h"
#include "status.h"

/**
 * A validated view of a relocatable object (ET_REL, nucleus/object.h) in memory. elf_open() checks everything
 * once: headers, ranges, overlaps, names, symbols. (Of relocations only the symbols' numbers; link_apply() does
 * the rest. Whether an export's name is taken, symbol_insert() says.) Then every number in the image can be
 * used as it is, and the accessors cannot fail; indexes given to them must be below the counts. Nothing is
 * allocated, nothing copied: the bytes must stay.
 */
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
    uint32_t symbol_table, signatures, manifest, kinds, migrations, state, eh_frame, except_table;
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
/** Signature number @p index of section .mitos.signatures: 0 is the state's, then come the global symbols'. */
static inline uint64_t elf_signature(const struct elf_image *image, uint32_t index)
{
    const uint64_t *all = (const void *)(image->bytes + image->sections[image->signatures].offset);

    return image->signatures ? all[index] : 0;
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

struct link_context {
    const struct elf_image *image;
    struct section *sections;
    /**
     * The address to use for @p symbol: for every undefined symbol, to call it or to @p keep the address
     * (that of a stub), and for defined functions whose address is kept. May be asked several times for
     * the same site.
     */
    enum status (*resolve)(void *argument, uint32_t symbol, bool keep, uint64_t *address,
                           struct why *why);
    /** Told once of every site that refers to an undefined symbol, image->site_count times at most; may be
     *  NULL. */
    enum status (*site)(void *argument, uint32_t section, const struct elf_relocation *relocation);
    void *argument;
    struct why *why;
};

/**
 * Checks and applies all relocations of the loaded sections.
 * @return OK; ERR_LINK a target is out of reach or misaligned; ERR_FORMAT; ERR_UNSUPPORTED; or what resolve()
 * and site() returned. After an error the staging bytes are undefined.
 */
MUST_CHECK enum status link_apply(const struct link_context *context);

/** Whether a call at @p from reaches @p to. */
bool link_reaches(uint64_t from, uint64_t to);
/**
 * Makes the two instructions (auipc+jalr) of the call site at @p address reach @p target. @p pair is
 * 2-aligned.
 * @return OK; ERR_LINK out of reach or odd; ERR_FORMAT @p pair is no such pair.
 */
MUST_CHECK enum status link_patch_pair(uint64_t address, uint64_t target, uint8_t pair[8]);

/**
 * Reads what a cell says about itself (struct cell_manifest of abi/cell.h), after link_apply(): one
 * manifest only, of this ABI's version, each string inside the cell's read-only data and printable, each
 * function the start of one of its own.
 * @return OK; ERR_FORMAT; ERR_UNSUPPORTED another ABI version.
 */
MUST_CHECK enum status manifest_read(struct manifest *manifest, const struct elf_image *image,
                                     const struct section *sections, struct why *why);

/** An FDE is not shorter: length, CIE, start, range, the length of its augmentation. */
#define EH_FRAME_FDE_BYTES 17u
/** How many remembered rows an interpreter of the unwind tables must have room for. */
#define EH_FRAME_STATES 4u

/** A cell's unwind tables after link_apply(): bytes as they are now, addresses as they will be. */
struct eh_frame {
    const uint8_t *frames, *except_table; /* .eh_frame, .gcc_except_table */
    uint64_t frames_address, except_table_address;
    uint64_t frames_bytes, except_table_bytes; /* 0: there is none */
    uint64_t text, text_bytes;                 /* every function lies in it */
    uint64_t *index; /* see eh_frame_index() */
    uint32_t index_count;
};

/**
 * Checks unwind tables, so that the unwinder can interpret them without any check. Accepted is what GCC
 * writes for C on rv64: CIE version 1 or 3, augmentation zR, zPLR, zRS or zPLRS, pc-relative signed 4-byte
 * pointers (the personality's indirect), integer registers, no DWARF expressions; LSDA with cleanups only
 * and 4-byte or uleb128 call sites. (Linux Standard Base Core 5.0, section 10.6; DWARF 4, section 6.4.)
 * @return OK; ERR_FORMAT.
 */
MUST_CHECK enum status eh_frame_validate(const struct eh_frame *tables, struct why *why);
/**
 * Of tables that are sound: fills @p index, unless NULL, with a number for each FDE, sorted: the offset of
 * its function in the text in the upper half, its own offset in .eh_frame in the lower one. @return how many.
 */
uint32_t eh_frame_index(const struct eh_frame *tables, uint64_t *index);

#endif
