/* Named sets (nucleus/set.h): entries that cells contribute, walked cell by cell in order of load. */
#include "nucleus/set.h"

#include "cell_private.h"
#include "nucleus/string.h"

/* Copies entry *index of the cell's part of @p set, or counts *index down past that part. */
static bool entry_of_cell(const struct cell *cell, const char *set, unsigned *index, void *entry,
                          size_t bytes)
{
    for (uint32_t i = 0; i < cell->section_count; i++) {
        const struct section *section = &cell->sections[i];
        uint64_t count = section->bytes / bytes;

        if (section->class != SECTION_SET || strcmp(section->name + strlen(".cell.set."), set) != 0)
            continue;
        if (*index < count) {
            memcpy(entry, section->entries + *index * bytes, bytes);
            return true;
        }
        *index -= (unsigned)count;
    }
    return false;
}

bool set_get(const char *set, unsigned index, void *entry, size_t bytes, const struct cell **owner)
{
    OWN(spin_guard) guard = {0};
    bool found = false;

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        const struct cell *cell = list_entry(node, struct cell, link);

        found = cell->live && entry_of_cell(cell, set, &index, entry, bytes);
        if (found && owner)
            *owner = cell;
        if (found)
            break;
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}
