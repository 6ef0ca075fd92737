/**
 * @file manifest.h
 * What a cell says about itself: a checked copy of its struct cell_manifest (abi/cell.h).
 */
#ifndef MITOS_NUCLEUS_MANIFEST_H
#define MITOS_NUCLEUS_MANIFEST_H

#include "elf.h"
#include "link.h"
#include "nucleus/records.h"

/**
 * Reads the manifest after link_apply(): one only, of this ABI's version, each string inside the
 * cell's read-only data and printable, each function the start of one of its own.
 * @return OK; ERR_FORMAT; ERR_UNSUPPORTED another ABI version.
 */
MUST_CHECK enum status manifest_read(struct manifest *manifest, const struct elf_image *image,
                                     const struct link_section *sections, struct why *why);

/** The next word of a space-separated list such as manifest.provides. @return false at its end. */
bool manifest_next_word(const char **list, char *word, size_t room);

#endif
