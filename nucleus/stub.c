/* Function-address stubs: one jump per function whose address somebody took. Each has a piece of an
 * arena of its own, apart from the cells' text, because it outlives the versions of its cell. */
#include "arena.h"
#include "cell_private.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "report.h"
#include "walk.h"

struct stub *stub_take(struct cell *cell, uint64_t function, bool own)
{
    /* auipc t1, 0; jalr zero, 0(t1): link_patch_pair() fills in the distance. */
    uint8_t jump[STUB_BYTES] = {0x17, 0x03, 0x00, 0x00, 0x67, 0x00, 0x03, 0x00};
    struct stub *stub;

    list_each(node, &cell->stubs) {
        stub = list_entry(node, struct stub, link);
        if (stub->function == function) {
            stub->own |= own;
            stub->uses += !own;
            return stub;
        }
    }
    stub = heap_alloc(stub_kind);
    if (!stub)
        return NULL;
    *stub = (struct stub){.function = function,
                          .address = (uint64_t)arena_alloc(STUB_BYTES, true),
                          .uses = !own,
                          .own = own};
    if (!stub->address) {
        heap_free(stub_kind, stub);
        return NULL;
    }
    list_push_back(&cell->stubs, &stub->link);
    if (link_patch_pair(stub->address, function, jump) != OK)
        panic("stub at 0x%lx does not reach 0x%lx", stub->address, function);
    text_write_pair(stub->address, jump);
    return stub;
}

void stub_release(struct stub *stub)
{
    if (--stub->uses == 0 && !stub->own)
        stub_drop(stub);
}

void stub_drop(struct stub *stub)
{
    arena_free((void *)stub->address, STUB_BYTES);
    list_remove(&stub->link);
    heap_free(stub_kind, stub);
}

/* The source file of a local symbol: named by the STT_FILE before it. */
static const char *file_of(const struct elf_image *image, uint32_t symbol)
{
    if (image->symbols[symbol].info >> 4 != STB_LOCAL)
        return "";
    while (symbol > 0 && (image->symbols[symbol].info & 15) != STT_FILE)
        symbol--;
    return elf_symbol_name(image, symbol);
}

static uint32_t function_at(const struct unit *unit, uint64_t address)
{
    for (uint32_t i = 1; i < unit->image.symbol_count; i++) {
        if (elf_symbol_is_function(&unit->image, i) && unit_address(unit, i) == address)
            return i;
    }
    return 0;
}

/* The function of that name and source file; 0: there is none. */
static uint64_t function_called(const struct unit *unit, const char *name, const char *file)
{
    for (uint32_t i = 1; i < unit->image.symbol_count; i++) {
        if (elf_symbol_is_function(&unit->image, i) &&
            strcmp(elf_symbol_name(&unit->image, i), name) == 0 &&
            strcmp(file_of(&unit->image, i), file) == 0)
            return unit_address(unit, i);
    }
    return 0;
}

enum status stubs_match(struct unit *unit)
{
    struct unit *old = unit->replaces;

    if (!old)
        return OK;
    list_each(node, &old->cell.stubs) {
        struct stub *stub = list_entry(node, struct stub, link);
        uint32_t was = function_at(old, stub->function);

        if (was) {
            string_copy(stub->lost, sizeof stub->lost, elf_symbol_name(&old->image, was));
            string_copy(stub->lost_file, sizeof stub->lost_file, file_of(&old->image, was));
        }
        stub->successor = function_called(unit, stub->lost, stub->lost_file);
        if (stub->successor)
            continue;
        if (was && unit_inherits(unit))
            return why_set(unit->why, ERR_LINK, "lacks %s(), to which someone may hold a pointer",
                           stub->lost);
        stub->successor = (uint64_t)stub_lost;
    }
    return OK;
}

/* A stub is known by its instructions, auipc t1 and jalr t1 or zero: its list changes in a swap. */
uint64_t stub_target(uint64_t pc)
{
    uint64_t start = pc & -(uint64_t)ARENA_ALIGN, jump;

    if (pc - start >= STUB_BYTES || eh_frame_at(pc) || !arena_has_text(pc))
        return pc;
    jump = *(const uint64_t *)start;
    if ((jump & 0x000ffcff00000fff) != 0x0003006700000317)
        return pc;
    return start + (uint64_t)((int32_t)jump & ~0xfff) + (uint64_t)((int64_t)jump >> 52);
}

/* The stub at @p address; NULL: none. */
static const struct stub *stub_at(uint64_t address) REQUIRES(cell_table.lock)
{
    list_each(node, table_cells()) {
        list_each(stub, &unit_of(node)->cell.stubs) {
            if (list_entry(stub, struct stub, link)->address == address)
                return list_entry(stub, struct stub, link);
        }
    }
    return NULL;
}

void stub_report(uint64_t end)
{
    char place[100], name[SYMBOL_NAME_ROOM];
    OWN(spin_guard) guard = {0};
    const struct stub *stub;

    hooks.code_describe((uint64_t)__builtin_return_address(0), place, sizeof place);
    spin_lock(&guard, &cell_table.lock);
    stub = stub_at(end - STUB_BYTES);
    string_copy(name, sizeof name, stub ? stub->lost : "a function");
    spin_unlock(&guard, &cell_table.lock);
    fault_caller("%s called %s(), which went with its cell", place, name);
}
