/* What the shell's commands may know of cells: copies, made under the table's lock. */
#include "archive.h"
#include "cell_private.h"
#include "nucleus/string.h"

/* The cell of that name if it is live, else NULL. */
static const struct cell *live_cell(const char *name) REQUIRES(cell_table.lock);
static const struct cell *live_cell(const char *name)
{
    const struct cell *cell = cell_lookup(name);

    return cell && cell->live ? cell : NULL;
}

static bool uses(const struct cell *user, const struct cell *cell)
{
    for (uint32_t i = 0; i < user->import_count; i++) {
        if (user->imports[i].symbol->cell == cell)
            return true;
    }
    return false;
}

bool cell_used_by(const struct cell *cell, unsigned index, char name[CELL_NAME_ROOM])
{
    list_each(node, table_cells())
    {
        const struct cell *user = list_entry(node, struct cell, link);

        if (user == cell || !user->live || !uses(user, cell) || index--)
            continue;
        string_copy(name, CELL_NAME_ROOM, user->manifest.name);
        return true;
    }
    return false;
}

static void describe(const struct cell *cell, struct cell_info *info) REQUIRES(cell_table.lock);
static void describe(const struct cell *cell, struct cell_info *info)
{
    char name[CELL_NAME_ROOM];

    memset(info, 0, sizeof *info);
    string_copy(info->name, sizeof info->name, cell->manifest.name);
    string_copy(info->version, sizeof info->version, cell->manifest.version);
    string_copy(info->summary, sizeof info->summary, cell->manifest.summary);
    string_copy(info->provides, sizeof info->provides, cell->manifest.provides);
    info->text = (uint64_t)cell->text;
    info->text_bytes = cell->text_bytes;
    info->rodata = (uint64_t)cell->rodata;
    info->rodata_bytes = cell->rodata_bytes;
    info->state = (uint64_t)cell->state;
    info->state_bytes = cell->state_bytes;
    info->exports = cell->export_count;
    info->imports = cell->import_count;
    info->sites = cell->site_count;
    info->stubs = cell->stub_count;
    info->boot = cell->boot;
    while (cell_used_by(cell, info->users, name))
        info->users++;
}

bool cell_get(unsigned index, struct cell_info *info)
{
    OWN(spin_guard) guard = {0};
    bool found = false;

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        const struct cell *cell = list_entry(node, struct cell, link);

        if (!cell->live || index--)
            continue;
        describe(cell, info);
        found = true;
        break;
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

bool cell_find(const char *name, struct cell_info *info)
{
    OWN(spin_guard) guard = {0};
    const struct cell *cell;

    spin_lock(&guard, &cell_table.lock);
    cell = live_cell(name);
    if (cell)
        describe(cell, info);
    spin_unlock(&guard, &cell_table.lock);
    return cell != NULL;
}

bool cell_section(const char *name, unsigned index, struct section_info *info)
{
    OWN(spin_guard) guard = {0};
    const struct cell *cell;
    bool found;

    spin_lock(&guard, &cell_table.lock);
    cell = live_cell(name);
    found = cell && index < cell->section_count;
    if (found) {
        const struct section *section = &cell->sections[index];

        string_copy(info->name, sizeof info->name, section->name);
        string_copy(info->access, sizeof info->access, section->access);
        info->address = section->address;
        info->bytes = section->bytes;
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

bool cell_import(const char *name, unsigned index, struct import_info *info)
{
    OWN(spin_guard) guard = {0};
    const struct cell *cell;
    bool found;

    spin_lock(&guard, &cell_table.lock);
    cell = live_cell(name);
    found = cell && index < cell->import_count;
    if (found) {
        const struct import *import = &cell->imports[index];

        string_copy(info->symbol, sizeof info->symbol, import->name);
        string_copy(info->provider, sizeof info->provider, cell_name(import->symbol->cell));
        info->sites = import->sites;
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

static void describe_symbol(const struct symbol *symbol, struct symbol_info *info)
{
    string_copy(info->name, sizeof info->name, symbol->name);
    string_copy(info->cell, sizeof info->cell, cell_name(symbol->cell));
    info->address = symbol->address;
    info->bytes = symbol->bytes;
    info->exported = true;
}

bool symbol_find(const char *name, struct symbol_info *info)
{
    OWN(spin_guard) guard = {0};
    const struct symbol *symbol;
    bool found;

    spin_lock(&guard, &cell_table.lock);
    symbol = symbol_lookup(name);
    found = symbol && (!symbol->cell || symbol->cell->live);
    if (found)
        describe_symbol(symbol, info);
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

static const struct symbol *export_number(unsigned index) REQUIRES(cell_table.lock);
static const struct symbol *export_number(unsigned index)
{
    list_each(node, table_cells())
    {
        const struct cell *cell = list_entry(node, struct cell, link);

        if (!cell->live)
            continue;
        if (index < cell->export_count)
            return &cell->exports[index];
        index -= cell->export_count;
    }
    return NULL;
}

bool symbol_get(unsigned index, struct symbol_info *info)
{
    OWN(spin_guard) guard = {0};
    const struct symbol *symbol = nucleus_export(index);

    spin_lock(&guard, &cell_table.lock);
    if (!symbol)
        symbol = export_number(index - nucleus_export_count());
    if (symbol)
        describe_symbol(symbol, info);
    spin_unlock(&guard, &cell_table.lock);
    return symbol != NULL;
}
