/**
 * @file elf_private.h
 * What the files of the ELF reader share with each other.
 */
#ifndef MITOS_NUCLEUS_ELF_PRIVATE_H
#define MITOS_NUCLEUS_ELF_PRIVATE_H

#include "elf.h"

/** Whether @p size bytes from @p offset lie below @p limit; no sum that can wrap. */
bool elf_inside(uint64_t offset, uint64_t size, uint64_t limit);
/**
 * A string table begins and ends with a NUL, so that every offset below its size names a C string.
 * @p what names it in messages: "section names".
 */
enum status elf_strings_open(const struct elf_image *image, uint32_t section, const char *what,
                             const char **strings, uint64_t *bytes, struct why *why);
/** Finds and checks the one symbol table; the sections are good by then. */
enum status elf_symbols_open(struct elf_image *image, struct why *why);
/** Checks the relocation tables, and their entries where the section is loaded. */
enum status elf_relocations_check(const struct elf_image *image, struct why *why);

#endif
