/* Which function an address of text is in. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "nucleus/memory_map.h"
#include "nucleus/object.h"
#include "nucleus/records.h"
#include "nucleus/string.h"

struct code_search {
    uint64_t address;
    bool found;
    struct symbol_info *info;
};

/* The symbol of the cell's function, static ones too, that holds @p address; and where that begins. Fault reports
 * ask about any address and at any time: of a cell that is not placed yet, too. */
static const struct elf_symbol *function_at(const struct cell *cell, uint64_t address,
                                            uint64_t *start)
{
    for (uint32_t i = 1; i < cell->symbol_count; i++) {
        const struct elf_symbol *symbol = &cell->symbols[i];

        if ((symbol->info & 15) != STT_FUNC || symbol->shndx == SHN_UNDEF ||
            symbol->shndx >= cell->section_count)
            continue;
        *start = cell->sections[symbol->shndx].address + symbol->value;
        if (address - *start < symbol->size)
            return symbol;
    }
    return NULL;
}

/* The stub of this cell at @p address, or NULL. */
static const struct stub *stub_at(const struct cell *cell, uint64_t address)
{
    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next) {
        const struct stub *stub = list_entry(node, struct stub, link);

        if (address - stub->address < STUB_BYTES)
            return stub;
    }
    return NULL;
}

static bool search_code(const struct cell *cell, void *argument)
{
    struct code_search *search = argument;
    struct symbol_info *info = search->info;
    const struct stub *stub = stub_at(cell, search->address);
    const struct elf_symbol *symbol =
        function_at(cell, stub ? stub->function : search->address, &info->address);

    if (!symbol && !stub)
        return true;
    format(info->name, sizeof info->name, "%s%s", symbol ? cell->symbol_names + symbol->name : stub->lost,
           symbol && stub ? " (stub)" : stub ? " (lost)" : "");
    string_copy(info->cell, sizeof info->cell, cell->manifest.name);
    info->bytes = stub ? STUB_BYTES : symbol->size;
    info->address = stub ? stub->address : info->address;
    info->exported = symbol && symbol->info >> 4 != STB_LOCAL && (symbol->other & 3) == STV_DEFAULT;
    info->zombie = cell->zombie;
    search->found = true;
    return false;
}

/* The sizes of the nucleus' functions are not known (0), nor those that it does not export. */
static bool nucleus_function_at(uint64_t address, struct symbol_info *info)
{
    const struct symbol *symbol, *nearest = NULL;
    struct memory_image image = memory_image();

    if (address < image.text || address >= image.rodata)
        return false;
    for (unsigned i = 0; (symbol = nucleus_export(i)) != NULL; i++) {
        if (symbol->address <= address && (!nearest || symbol->address > nearest->address))
            nearest = symbol;
    }
    string_copy(info->name, sizeof info->name, nearest ? nearest->name : "start");
    string_copy(info->cell, sizeof info->cell, cell_name(NULL));
    info->address = nearest ? nearest->address : image.text;
    info->exported = nearest;
    return true;
}

EXPORT bool symbol_at(uint64_t address, struct symbol_info *info)
{
    struct code_search search = {.address = address, .info = info};

    memset(info, 0, sizeof *info);
    if (nucleus_function_at(address, info))
        return true;
    cells_visit(search_code, &search);
    return search.found;
}

EXPORT const char *code_describe(uint64_t address, char *to, size_t room)
{
    struct symbol_info symbol;

    if (symbol_at(address, &symbol))
        format(to, room, "%s:%s+0x%lx%s", symbol.cell, symbol.name, address - symbol.address,
               symbol.zombie ? ", a version that was replaced" : "");
    else
        format(to, room, "0x%lx, no function", address);
    return to;
}
