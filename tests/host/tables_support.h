/* For the tests of the walk and of unwinding: the unwind tables of cells, as they are loaded, and of the nucleus. */
#ifndef TESTS_TABLES_SUPPORT_H
#define TESTS_TABLES_SUPPORT_H

#include "elf_support.h"

/** Makes the index, by malloc(). */
void tables_index(struct eh_frame *tables);
/** The section of that name; the test fails when there is none. */
const struct elf_section *section_named(const struct object *file, const char *name);
/** The tables of mitos.elf, with an index. */
struct eh_frame nucleus_tables(const struct object *file);
/** Reads mitos.elf from the guest's build folder. @p path is set to its name. */
struct object nucleus_read(const char *guest, char path[500]);

/** Calls @p visit for every cell of the guest's build folder, linked, with an index. */
void each_cell(const char *guest, void (*visit)(const char *path, const struct eh_frame *tables));

#endif
