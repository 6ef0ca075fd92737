/* Units: a cell from its object file to the tables that describe it, and back to nothing. */
#include "arena.h"
#include "cell_private.h"
#include "heap_private.h"
#include "nucleus/frame.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

/* Cuts the next @p bytes off a block. */
static void *carve(uint8_t **block, size_t bytes)
{
    void *part = *block;

    *block += align_up(bytes, 8);
    return part;
}

static enum status make_tables(struct unit *unit, struct why *why)
{
    struct cell *cell = unit->cell;
    const struct elf_image *image = &unit->image;
    uint32_t sections = 0;
    size_t bytes;
    uint8_t *block;

    for (uint32_t i = 1; i < image->section_count; i++)
        sections += image->classes[i] != SECTION_IGNORED;
    bytes = image->export_count * sizeof *cell->exports +
            image->function_count * align_up(sizeof *cell->functions, 8) +
            image->import_count * sizeof *cell->imports + image->site_count * sizeof *cell->sites +
            sections * sizeof *cell->sections + align_up(image->symbol_names_bytes, 8);
    block = heap_alloc_bytes(buffer_kind, bytes + 8);
    if (!block)
        return why_set(why, ERR_NOMEM, "no memory for its tables (%zu bytes)", bytes);
    cell->tables = block;
    cell->exports = carve(&block, image->export_count * sizeof *cell->exports);
    cell->functions = carve(&block, image->function_count * sizeof *cell->functions);
    cell->imports = carve(&block, image->import_count * sizeof *cell->imports);
    cell->sites = carve(&block, image->site_count * sizeof *cell->sites);
    cell->sections = carve(&block, sections * sizeof *cell->sections);
    cell->strings = carve(&block, image->symbol_names_bytes);
    memcpy(cell->strings, image->symbol_names, image->symbol_names_bytes);
    return OK;
}

static enum status make_slots(struct unit *unit, struct why *why)
{
    size_t slots = unit->image.symbol_count * sizeof *unit->slots;
    size_t sections = unit->image.section_count * sizeof *unit->sections;
    uint8_t *block = heap_alloc_bytes(buffer_kind, slots + sections);

    if (!block)
        return why_set(why, ERR_NOMEM, "no memory for linking it");
    memset(block, 0, slots + sections);
    unit->slots = (void *)block;
    unit->sections = (void *)(block + slots);
    return OK;
}

/* Enters the exports, still without addresses, so that the other units of the transaction find them. */
static enum status enter_exports(struct unit *unit, struct why *why)
{
    OWN(spin_guard) guard = {0};
    struct cell *cell = unit->cell;
    enum status status = OK;

    spin_lock(&guard, &cell_table.lock);
    for (uint32_t i = unit->image.first_global; i < unit->image.symbol_count && status == OK; i++) {
        struct symbol *symbol = &cell->exports[cell->export_count];

        if (!elf_symbol_is_export(&unit->image, i))
            continue;
        *symbol = (struct symbol){.name = cell->strings + unit->image.symbols[i].name,
                                  .bytes = (uint32_t)unit->image.symbols[i].size,
                                  .cell = cell};
        status = symbol_insert(symbol);
        if (status == OK)
            cell->export_count++;
        else
            why_set(why, status, "exports %s(), which %s provides already", symbol->name,
                    cell_name(symbol_lookup(symbol->name)->cell));
    }
    spin_unlock(&guard, &cell_table.lock);
    return status;
}

static void enter_imports(struct unit *unit)
{
    struct cell *cell = unit->cell;

    for (uint32_t i = unit->image.first_global; i < unit->image.symbol_count; i++) {
        if (!elf_symbol_is_import(&unit->image, i))
            continue;
        unit->slots[i].import = cell->import_count;
        cell->imports[cell->import_count++] =
            (struct import){.name = cell->strings + unit->image.symbols[i].name};
    }
}

enum status unit_open(struct transaction *transaction, struct unit *unit, const void *object,
                      size_t bytes, struct why *why)
{
    enum status status;

    if (((uint64_t)object & 7) != 0) {
        unit->copy = heap_alloc_bytes(buffer_kind, bytes);
        if (!unit->copy)
            return why_set(why, ERR_NOMEM, "no memory for a copy of its object (%zu bytes)", bytes);
        object = memcpy(unit->copy, object, bytes);
    }
    status = elf_open(&unit->image, object, bytes, why);
    if (status == OK)
        status = make_tables(unit, why);
    if (status == OK)
        status = make_slots(unit, why);
    if (status == OK)
        status = enter_exports(unit, why);
    if (status != OK)
        return status;
    enter_imports(unit);
    unit->cell->boot = transaction->reason == REASON_BOOT;
    return OK;
}

static void free_image(struct cell *cell)
{
    frames state = {0};

    if (cell->text)
        arena_free(cell->text, cell->text_bytes);
    if (cell->rodata)
        arena_free(cell->rodata, cell->rodata_bytes);
    if (cell->state) {
        frames_adopt(&state, cell->state);
        frames_drop(&state);
    }
}

void cell_release_imports(struct cell *cell)
{
    for (uint32_t i = 0; i < cell->import_count; i++) {
        struct import *import = &cell->imports[i];

        if (import->stub)
            stub_release(import->symbol->cell, import->stub);
        import->stub = NULL;
    }
}

void cell_drop(struct cell *cell)
{
    OWN(spin_guard) guard = {0};

    while (!list_empty(&cell->stubs)) {
        struct stub *stub = list_entry(cell->stubs.next, struct stub, link);

        stub->uses = 1;
        stub_release(cell, stub);
    }
    spin_lock(&guard, &cell_table.lock);
    for (uint32_t i = 0; i < cell->export_count; i++)
        symbol_remove(&cell->exports[i]);
    list_remove(&cell->link);
    spin_unlock(&guard, &cell_table.lock);
    free_image(cell);
    heap_free(buffer_kind, cell->tables);
    heap_free(cell_kind, cell);
}

void unit_drop(struct unit *unit)
{
    list_remove(&unit->link);
    if (!unit->committed)
        cell_drop(unit->cell);
    else
        unit->cell->unit = NULL;
    heap_free(buffer_kind, unit->slots); /* and unit->sections, the same block */
    heap_free(buffer_kind, unit->staging);
    heap_free(buffer_kind, unit->copy);
    heap_free(unit_kind, unit);
}
