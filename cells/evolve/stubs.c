/* Where the stubs of a cell's functions, of which somebody may hold the address, lead in the next version: to the function
 * of the same name in the same source file. Another provider need not have it: who calls it then is told by name. */
#include "evolution.h"
#include "nucleus/object.h"
#include "nucleus/string.h"

static const char *name_of(const struct cell *cell, uint32_t symbol)
{
    return cell->symbol_names + cell->symbols[symbol].name;
}

static uint64_t address_of(const struct cell *cell, uint32_t symbol)
{
    return cell->sections[cell->symbols[symbol].shndx].address + cell->symbols[symbol].value;
}

static bool is_function(const struct cell *cell, uint32_t symbol)
{
    return (cell->symbols[symbol].info & 15) == STT_FUNC && cell->symbols[symbol].shndx != SHN_UNDEF;
}

/* The source file of a local symbol: named by the STT_FILE before it. */
static const char *file_of(const struct cell *cell, uint32_t symbol)
{
    if (cell->symbols[symbol].info >> 4 != STB_LOCAL)
        return "";
    while (symbol > 0 && (cell->symbols[symbol].info & 15) != STT_FILE)
        symbol--;
    return name_of(cell, symbol);
}

static uint32_t function_at(const struct cell *cell, uint64_t address)
{
    for (uint32_t i = 1; i < cell->symbol_count; i++) {
        if (is_function(cell, i) && address_of(cell, i) == address)
            return i;
    }
    return 0;
}

/* The function of that name and source file; 0: there is none. */
static uint64_t function_called(const struct cell *cell, const char *name, const char *file)
{
    for (uint32_t i = 1; i < cell->symbol_count; i++) {
        if (is_function(cell, i) && strcmp(name_of(cell, i), name) == 0 &&
            strcmp(file_of(cell, i), file) == 0)
            return address_of(cell, i);
    }
    return 0;
}

/* What goes back (it was kept) need not have what its successor added. */
static bool may_lack(const struct cell *from, const struct cell *to)
{
    return to->kept || strcmp(from->manifest.name, to->manifest.name) != 0;
}

enum status match_stubs(struct cell *from, const struct cell *to, struct why *why)
{
    list_each(node, &from->stubs) {
        struct stub *stub = list_entry(node, struct stub, link);
        uint32_t was = function_at(from, stub->function);

        if (was) {
            string_copy(stub->lost, sizeof stub->lost, name_of(from, was));
            string_copy(stub->lost_file, sizeof stub->lost_file, file_of(from, was));
        }
        stub->successor = function_called(to, stub->lost, stub->lost_file);
        if (stub->successor)
            continue;
        if (was && !may_lack(from, to))
            return why_set(why, ERR_LINK, "lacks %s(), to which someone may hold a pointer", stub->lost);
        stub->successor = STUB_LOST;
    }
    return OK;
}
