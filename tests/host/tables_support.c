/* Unwind tables of cells and nucleus (tables_support.h). */
#include "tables_support.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void tables_index(struct eh_frame *tables)
{
    tables->index_count = eh_frame_index(tables, NULL);
    tables->index = malloc(tables->index_count * sizeof *tables->index + 1);
    assert_int_equal(eh_frame_index(tables, tables->index), tables->index_count);
    for (uint32_t i = 1; i < tables->index_count; i++)
        assert_true(tables->index[i - 1] < tables->index[i]);
}

const struct elf_section *section_named(const struct object *file, const char *name)
{
    const struct elf_header *header = (const void *)file->bytes;
    const struct elf_section *sections = (const void *)(file->bytes + header->shoff);

    for (unsigned i = 1; i < header->shnum; i++)
        if (strcmp((const char *)file->bytes + sections[header->shstrndx].offset + sections[i].name,
                   name) == 0)
            return &sections[i];
    fail_msg("no section %s", name);
    return NULL;
}

struct eh_frame nucleus_tables(const struct object *file)
{
    const struct elf_section *frames = section_named(file, ".eh_frame");
    const struct elf_section *except_table = section_named(file, ".gcc_except_table");
    const struct elf_section *text = section_named(file, ".text");
    struct eh_frame tables = {.frames = file->bytes + frames->offset,
                              .frames_address = frames->addr,
                              .frames_bytes = frames->size,
                              .except_table = file->bytes + except_table->offset,
                              .except_table_address = except_table->addr,
                              .except_table_bytes = except_table->size,
                              .text = text->addr,
                              .text_bytes = text->size};

    tables_index(&tables);
    return tables;
}

struct object nucleus_read(const char *guest, char path[500])
{
    snprintf(path, 500, "%s/mitos.elf", guest);
    return object_read(path);
}

static void link_and_visit(const char *path, void (*visit)(const char *path, const struct eh_frame *tables))
{
    struct object object = object_read(path);
    struct linked linked;
    struct why why = {""};
    struct eh_frame tables;

    if (linked_run(&linked, &object, &layout_near, &why) != OK)
        fail_msg("%s: %s", path, why.text);
    tables = linked_tables(&linked);
    tables_index(&tables);
    visit(path, &tables);
    free(tables.index);
    linked_free(&linked);
    object_free(&object);
}

void each_cell(const char *guest, void (*visit)(const char *path, const struct eh_frame *tables))
{
    char pattern[500];
    glob_t cells;

    snprintf(pattern, sizeof pattern, "%s/cells/*.cell", guest);
    assert_int_equal(glob(pattern, 0, NULL, &cells), 0);
    for (size_t i = 0; i < cells.gl_pathc; i++)
        link_and_visit(cells.gl_pathv[i], visit);
    globfree(&cells);
}
