/* The cell table: the list of cells, the nucleus' exports, and what an address is.
 *
 * The nucleus exports every function that a header of abi/nucleus declares. The list exports.inc is made
 * by the build from those headers, so the two cannot disagree. */
#include "arena.h"
#include "cell_private.h"
#include "heap_private.h"
#include "nucleus/device_tree.h"
#include "nucleus/format.h"
#include "nucleus/frame.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "nucleus/runtime.h"
#include "nucleus/string.h"
#include "nucleus/task.h"

struct cell_table cell_table;
struct kind *unit_kind, *stub_kind, *buffer_kind;
extern char image_start[], text_end[];

#define EXPORT_SYMBOL(function) {.name = #function, .address = (uint64_t)function},

static struct symbol exports[] = {
#include "exports.inc"
};
#define EXPORTS (sizeof exports / sizeof exports[0])

void cell_table_init(void)
{
    OWN(spin_guard) guard = {0};

    if (kind_create_for(NULL, &unit_kind, "cell", sizeof(struct unit), 8) != OK ||
        kind_create_for(NULL, &stub_kind, "stub", sizeof(struct stub), 8) != OK ||
        kind_create_for(NULL, &buffer_kind, "loader buffer", 0, 16) != OK)
        panic("no memory for the first kinds");
    spin_lock(&guard, &cell_table.lock);
    list_init(table_cells());
    for (unsigned i = 0; i < EXPORTS; i++) {
        if (symbol_insert(&exports[i]) != OK)
            panic("the nucleus exports %s twice", exports[i].name);
    }
    spin_unlock(&guard, &cell_table.lock);
}

const struct symbol *nucleus_export(unsigned index)
{
    return index < EXPORTS ? &exports[index] : NULL;
}

/* Unchecked: a transaction is under way, and none but that changes the list. */
struct unit *unit_lookup(const char *name) UNCHECKED
{
    list_each(node, table_cells())
    {
        if (strcmp(unit_of(node)->cell.manifest.name, name) == 0)
            return unit_of(node);
    }
    return NULL;
}

void cells_visit(bool (*visit)(const struct cell *cell, void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        if (unit_of(node)->cell.live && !visit(&unit_of(node)->cell, argument))
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

const char *cell_name(const struct cell *cell)
{
    return cell ? cell->manifest.name : "nucleus";
}

struct cell *cell_of_caller(uint64_t pc)
{
    OWN(spin_guard) guard = {0};
    struct cell *found = NULL;

    spin_lock(&guard, &cell_table.lock);
    list_each(node, table_cells())
    {
        if (pc - (uint64_t)unit_of(node)->cell.text.base < unit_of(node)->cell.text.bytes)
            found = &unit_of(node)->cell;
    }
    spin_unlock(&guard, &cell_table.lock);
    return found;
}

/* Of the nucleus, the nearest exported function at or below @p address; its size is not known (0). */
static bool nucleus_function_at(uint64_t address, struct symbol_info *info)
{
    *info = (struct symbol_info){.name = "start", .address = (uint64_t)image_start};
    if (address - (uint64_t)image_start >= (uint64_t)(text_end - image_start))
        return false;
    for (unsigned i = 0; i < EXPORTS; i++) {
        if (exports[i].address <= address && exports[i].address >= info->address) {
            info->address = exports[i].address;
            info->exported = true;
            string_copy(info->name, sizeof info->name, exports[i].name);
        }
    }
    string_copy(info->cell, sizeof info->cell, cell_name(NULL));
    return true;
}

/* Searches the cell's functions, static ones too, and its stubs: "function (stub)". */
static bool function_at(const struct unit *unit, uint64_t address, struct symbol_info *info)
{
    const struct elf_image *image = &unit->image;
    const struct stub *stub = NULL;
    uint64_t wanted = address;

    for (const struct list *node = unit->cell.stubs.next; node != &unit->cell.stubs;
         node = node->next) {
        if (address - list_entry(node, struct stub, link)->address < STUB_BYTES)
            stub = list_entry(node, struct stub, link);
    }
    if (stub)
        wanted = stub->function;
    for (uint32_t i = 1; i < image->symbol_count; i++) {
        uint64_t start = elf_symbol_is_function(image, i) ? unit_address(unit, i) : 0;

        if (!start || wanted - start >= image->symbols[i].size)
            continue;
        format(info->name, sizeof info->name, "%s%s", elf_symbol_name(image, i),
               stub ? " (stub)" : "");
        string_copy(info->cell, sizeof info->cell, unit->cell.manifest.name);
        info->address = stub ? stub->address : start;
        info->bytes = stub ? STUB_BYTES : image->symbols[i].size;
        info->exported = elf_symbol_is_export(image, i);
        return true;
    }
    return false;
}

bool symbol_at(uint64_t address, struct symbol_info *info)
{
    OWN(spin_guard) guard = {0};
    bool found = nucleus_function_at(address, info);

    spin_lock(&guard, &cell_table.lock);
    for (struct list *node = table_cells()->next; !found && node != table_cells();
         node = node->next)
        found = function_at(unit_of(node), address, info);
    spin_unlock(&guard, &cell_table.lock);
    return found;
}
