/* Exported symbols, entries of sets, hooks. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/records.h"
#include "nucleus/string.h"

struct symbol_search {
    const char *name; /* NULL: export number `index` of the cells */
    unsigned index;
    bool found;
    struct symbol_info *info;
};

static void describe(const struct symbol *symbol, struct symbol_search *search)
{
    struct symbol_info *info = search->info;

    string_copy(info->name, sizeof info->name, symbol->name);
    string_copy(info->cell, sizeof info->cell, cell_name(symbol->cell));
    info->address = symbol->address;
    info->bytes = symbol->bytes;
    info->exported = true;
    search->found = true;
}

static bool search_cell(const struct cell *cell, void *argument)
{
    struct symbol_search *search = argument;

    if (!cell->live)
        return true;
    if (!search->name && search->index < cell->export_count)
        describe(&cell->exports[search->index], search);
    for (uint32_t i = 0; search->name && !search->found && i < cell->export_count; i++)
        if (strcmp(cell->exports[i].name, search->name) == 0)
            describe(&cell->exports[i], search);
    search->index -= cell->export_count;
    return !search->found;
}

EXPORT bool symbol_get(unsigned index, struct symbol_info *info)
{
    struct symbol_search search = {.index = index, .info = info};
    const struct symbol *symbol = nucleus_export(index);

    if (symbol) {
        describe(symbol, &search);
        return true;
    }
    for (unsigned i = 0; nucleus_export(i); i++)
        search.index--;
    cells_visit(search_cell, &search);
    return search.found;
}

EXPORT bool symbol_find(const char *name, struct symbol_info *info)
{
    struct symbol_search search = {.name = name, .info = info};
    const struct symbol *symbol;

    for (unsigned i = 0; (symbol = nucleus_export(i)) != NULL; i++) {
        if (strcmp(symbol->name, name) == 0) {
            describe(symbol, &search);
            return true;
        }
    }
    cells_visit(search_cell, &search);
    return search.found;
}

struct set_search {
    const char *set;
    unsigned index;
    void *entry;
    size_t bytes;
    bool found;
    char *owner; /* where to put its name, or NULL */
};

static bool search_set(const struct cell *cell, void *argument)
{
    struct set_search *search = argument;

    for (uint32_t i = 0; cell->live && i < cell->section_count; i++) {
        const struct section *section = &cell->sections[i];
        uint64_t count = section->bytes / search->bytes;

        if (section->class != SECTION_SET ||
            strcmp(section->name + strlen(".cell.set."), search->set) != 0)
            continue;
        if (search->index < count) {
            memcpy(search->entry, (const uint8_t *)section->address + search->index * search->bytes,
                   search->bytes);
            search->found = true;
            if (search->owner)
                string_copy(search->owner, CELL_NAME_ROOM, cell->manifest.name);
            return false;
        }
        search->index -= (unsigned)count;
    }
    return true;
}

EXPORT bool set_get(const char *set, unsigned index, void *entry, size_t bytes,
                    char owner[CELL_NAME_ROOM])
{
    struct set_search search = {
        .set = set, .index = index, .entry = entry, .bytes = bytes, .owner = owner};

    cells_visit(search_set, &search);
    return search.found;
}

struct hook_search {
    const struct hook *hook;
    struct hook_info *info;
};

static bool search_bound(const struct cell *cell, void *argument)
{
    struct hook_search *search = argument;

    if (cell != search->hook->cell)
        return true;
    string_copy(search->info->bound_to, CELL_NAME_ROOM, cell->manifest.name);
    return false;
}

EXPORT bool hook_get(unsigned index, struct hook_info *info)
{
    struct hook_search search = {.hook = nucleus_hook(index), .info = info};

    if (!search.hook)
        return false;
    info->name = search.hook->name;
    info->bound_to[0] = '\0';
    cells_visit(search_bound, &search);
    return true;
}
