/* The cell table: the list of cells, the nucleus' exports, and who owns an address. */
#include "arena.h"
#include "cell_private.h"
#include "heap_private.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

struct cell_table cell_table;
struct kind *cell_kind, *unit_kind, *stub_kind, *buffer_kind;
extern char image_start[], text_end[];

void cell_table_init(void)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &cell_table.lock);
    list_init(table_cells());
    spin_unlock(&guard, &cell_table.lock);
    if (kind_create_for(NULL, &cell_kind, "cell", sizeof(struct cell), 8) != OK ||
        kind_create_for(NULL, &unit_kind, "unit", sizeof(struct unit), 8) != OK ||
        kind_create_for(NULL, &stub_kind, "stub", sizeof(struct stub), 8) != OK ||
        kind_create_for(NULL, &buffer_kind, "loader buffer", 0, 16) != OK)
        panic("no memory for the first kinds");
    nucleus_exports_init();
}

struct cell *cell_lookup(const char *name)
{
    OWN(spin_guard) guard = {0};
    struct cell *found = NULL;

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        if (strcmp(list_entry(node, struct cell, link)->manifest.name, name) == 0)
            found = list_entry(node, struct cell, link);
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

void cells_visit(bool (*visit)(const struct cell *cell, void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        const struct cell *cell = list_entry(node, struct cell, link);

        if (cell->live && !visit(cell, argument))
            break;
    }
    spin_unlock(&guard, &cell_table.lock);
}

bool cell_uses(const struct cell *user, const struct cell *cell)
{
    for (uint32_t i = 0; i < user->import_count; i++) {
        if (user->imports[i].symbol->cell == cell)
            return true;
    }
    return false;
}

const struct symbol *symbol_lookup_locked(const char *name)
{
    OWN(spin_guard) guard = {0};
    const struct symbol *symbol;

    spin_lock(&guard, &cell_table.lock);
    symbol = symbol_lookup(name);
    spin_unlock(&guard, &cell_table.lock);
    return symbol;
}

const char *cell_name(const struct cell *cell)
{
    return cell ? cell->manifest.name : "nucleus";
}

static bool holds_text(const struct cell *cell, uint64_t address)
{
    return address - (uint64_t)cell->text < cell->text_bytes;
}

struct cell *cell_of_caller(uint64_t pc)
{
    OWN(spin_guard) guard = {0};
    struct cell *found = NULL;

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        struct cell *cell = list_entry(node, struct cell, link);

        if (holds_text(cell, pc)) {
            found = cell;
            break;
        }
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

static void describe_function(const struct cell *cell, const struct function *function,
                              struct symbol_info *info)
{
    string_copy(info->name, sizeof info->name, function->name);
    string_copy(info->cell, sizeof info->cell, cell->manifest.name);
    info->address = (uint64_t)cell->text + function->offset;
    info->bytes = function->bytes;
    info->exported = function->exported;
}

/* Searches the stubs: "function (stub)". */
static bool stub_at(const struct cell *cell, uint64_t address, struct symbol_info *info)
{
    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next) {
        const struct stub *stub = list_entry(node, struct stub, link);

        if (address - stub->address >= 8)
            continue;
        for (uint32_t i = 0; i < cell->function_count; i++) {
            if ((uint64_t)cell->text + cell->functions[i].offset == stub->function)
                describe_function(cell, &cell->functions[i], info);
        }
        string_copy(info->name + strlen(info->name), sizeof info->name - strlen(info->name),
                    " (stub)");
        info->address = stub->address;
        info->bytes = 8;
        return true;
    }
    return false;
}

static bool function_at(const struct cell *cell, uint64_t address, struct symbol_info *info)
{
    for (uint32_t i = 0; i < cell->function_count; i++) {
        const struct function *function = &cell->functions[i];

        if (address - (uint64_t)cell->text - function->offset < function->bytes) {
            describe_function(cell, function, info);
            return true;
        }
    }
    return false;
}

bool symbol_at_unlocked(uint64_t address, struct symbol_info *info) UNCHECKED
{
    /* Unchecked: for reports of a machine that stops; the lock's holder may be who faulted. */
    memset(info, 0, sizeof *info);
    if (address - (uint64_t)image_start < (uint64_t)(text_end - image_start))
        return nucleus_function_at(address, info);
    if (!cell_table.cells_.next)
        return false;
    list_each(node, &cell_table.cells_)
    {
        const struct cell *cell = list_entry(node, struct cell, link);

        if (function_at(cell, address, info) || stub_at(cell, address, info))
            return true;
    }
    return false;
}

bool symbol_at(uint64_t address, struct symbol_info *info)
{
    OWN(spin_guard) guard = {0};
    bool found;

    spin_lock(&guard, &cell_table.lock);
    found = symbol_at_unlocked(address, info);
    spin_unlock(&guard, &cell_table.lock);
    return found;
}
