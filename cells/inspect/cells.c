/* Cells, their sections and imports, as copies. Each call is one visit of the nucleus' table. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/records.h"
#include "nucleus/string.h"

/* What a visit looks for, and where it puts what it found. */
struct search {
    const char *name;          /* of the cell; NULL: cell number `index` */
    unsigned index;
    bool found;
    const struct cell *cell;   /* describe_users(): whose users to count */
    struct cell_info *info;
    struct section_info *section;
    struct import_info *import;
};

static bool count_users(const struct cell *cell, void *argument)
{
    struct search *search = argument;

    if (cell->live && cell != search->cell && cell_uses(cell, search->cell))
        search->info->users++;
    return true;
}

static void describe(const struct cell *cell, struct cell_info *info)
{
    memset(info, 0, sizeof *info);
    string_copy(info->name, sizeof info->name, cell->manifest.name);
    string_copy(info->version, sizeof info->version, cell->manifest.version);
    string_copy(info->summary, sizeof info->summary, cell->manifest.summary);
    string_copy(info->provides, sizeof info->provides, cell->manifest.provides);
    info->text = (uint64_t)cell->text.base;
    info->text_bytes = cell->text.bytes;
    info->rodata = (uint64_t)cell->rodata.base;
    info->rodata_bytes = cell->rodata.bytes;
    info->state = (uint64_t)cell->state.base;
    info->state_bytes = cell->state.bytes;
    info->exports = cell->export_count;
    info->imports = cell->import_count;
    info->sites = cell->site_count;
    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next)
        info->stubs++;
    info->boot = cell->boot;
}

static bool wanted(const struct cell *cell, struct search *search)
{
    if (!cell->live)
        return false;
    if (search->name)
        return strcmp(cell->manifest.name, search->name) == 0;
    return search->index-- == 0;
}

static bool describe_wanted(const struct cell *cell, void *argument)
{
    struct search *search = argument;

    if (!wanted(cell, search))
        return true;
    describe(cell, search->info);
    search->cell = cell;
    search->found = true;
    return false;
}

/* Two visits: a cell that goes between them has no users, and had none. */
static bool find(struct search *search)
{
    cells_visit(describe_wanted, search);
    if (search->found)
        cells_visit(count_users, search);
    return search->found;
}

EXPORT bool cell_get(unsigned index, struct cell_info *info)
{
    struct search search = {.index = index, .info = info};

    return find(&search);
}

EXPORT bool cell_find(const char *name, struct cell_info *info)
{
    struct search search = {.name = name, .info = info};

    return find(&search);
}

static const char *access_of(enum section_class class)
{
    if (class == SECTION_TEXT)
        return "rx";
    return class == SECTION_STATE ? "rw" : "r";
}

static bool describe_section(const struct cell *cell, void *argument)
{
    struct search *search = argument;

    if (!cell->live || strcmp(cell->manifest.name, search->name) != 0)
        return true;
    for (uint32_t i = 0; i < cell->section_count && !search->found; i++) {
        const struct section *section = &cell->sections[i];

        if (section->class == SECTION_IGNORED || search->index-- > 0)
            continue;
        string_copy(search->section->name, sizeof search->section->name, section->name);
        string_copy(search->section->access, sizeof search->section->access,
                    access_of(section->class));
        search->section->address = section->address;
        search->section->bytes = section->bytes;
        search->found = true;
    }
    return false;
}

EXPORT bool cell_section(const char *cell, unsigned index, struct section_info *info)
{
    struct search search = {.name = cell, .index = index, .section = info};

    cells_visit(describe_section, &search);
    return search.found;
}

static bool describe_import(const struct cell *cell, void *argument)
{
    struct search *search = argument;
    const struct import *import = &cell->imports[search->index];

    if (!cell->live || strcmp(cell->manifest.name, search->name) != 0)
        return true;
    search->found = search->index < cell->import_count;
    if (!search->found)
        return false;
    string_copy(search->import->symbol, sizeof search->import->symbol, import->name);
    string_copy(search->import->provider, sizeof search->import->provider,
                cell_name(import->symbol->cell));
    search->import->sites = import->sites;
    return false;
}

EXPORT bool cell_import(const char *cell, unsigned index, struct import_info *info)
{
    struct search search = {.name = cell, .index = index, .import = info};

    cells_visit(describe_import, &search);
    return search.found;
}
