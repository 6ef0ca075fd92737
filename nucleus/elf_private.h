/**
 * @file elf_private.h
 * What the files of the ELF reader share: requirements on the thing that is being checked.
 */
#ifndef MITOS_NUCLEUS_ELF_PRIVATE_H
#define MITOS_NUCLEUS_ELF_PRIVATE_H

#include "elf.h"

struct reader {
    struct elf_image *image;
    struct why *why;
    enum status status;
    const char *kind, *name; /* of the thing, for messages: "section", ".text" */
};

/** Sets "KIND NAME: @p fault" and @p status; returns false. */
bool elf_refuse(struct reader *reader, enum status status, const char *fault);

/** Damage: @p good holds for every object. */
static inline bool well_formed(struct reader *reader, bool good, const char *fault)
{
    return good || elf_refuse(reader, ERR_FORMAT, fault);
}
/** Policy: @p good holds for every cell. */
static inline bool supported(struct reader *reader, bool good, const char *fault)
{
    return good || elf_refuse(reader, ERR_UNSUPPORTED, fault);
}

/** Whether @p size bytes from @p offset lie below @p limit; no sum that can wrap. */
bool elf_inside(uint64_t offset, uint64_t size, uint64_t limit);
/**
 * Takes section number @p section as a string table. It begins and ends with a NUL, so that every offset
 * below its size names a C string.
 */
bool elf_strings_open(struct reader *reader, uint32_t section, const char **strings,
                      uint64_t *bytes);
/** Finds and checks the one symbol table; the sections are good by then. */
bool elf_symbols_open(struct reader *reader);
/** Checks the relocation tables; what is in them, link_scan() does. */
bool elf_relocations_check(struct reader *reader);

#endif
