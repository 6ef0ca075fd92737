/* Units: memory, addresses, bytes. Text and read-only data are relocated in a staging buffer and then
 * written to their arenas, so a half-linked byte is never in executable memory. */
#include "arena.h"
#include "cell_private.h"
#include "heap_private.h"
#include "nucleus/frame.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "report.h"

/* The three blocks of a cell. Manifest and sets are read-only data like any other. */
enum block { BLOCK_TEXT, BLOCK_RODATA, BLOCK_STATE, BLOCKS };

struct layout {
    uint64_t offsets[BLOCKS]; /* running */
};

static enum block block_of(enum section_class class)
{
    if (class == SECTION_TEXT)
        return BLOCK_TEXT;
    return class == SECTION_STATE ? BLOCK_STATE : BLOCK_RODATA;
}

/* Lays the sections out one after another; with @p unit's blocks known, notes where each one goes. */
static void lay_out(struct unit *unit, struct layout *layout, bool place)
{
    const struct elf_image *image = &unit->image;
    uint8_t *const bases[BLOCKS] = {unit->cell->text, unit->cell->rodata, unit->cell->state};
    uint64_t staged[BLOCKS] = {0, align_up(unit->cell->text_bytes, 16), 0};

    *layout = (struct layout){0};
    for (uint32_t i = 1; i < image->section_count; i++) {
        enum section_class class = image->classes[i];
        enum block block = block_of(class);
        uint64_t *offset = &layout->offsets[block];

        if (class == SECTION_IGNORED)
            continue;
        *offset = align_up(*offset, image->sections[i].addralign ?: 1);
        if (place) {
            unit->sections[i].address = (uint64_t)bases[block] + *offset;
            if (block != BLOCK_STATE)
                unit->sections[i].staging = unit->staging + staged[block] + *offset;
        }
        *offset += image->sections[i].size;
    }
}

static enum status allocate(struct unit *unit, const struct layout *layout, struct why *why)
{
    struct cell *cell = unit->cell;
    frames state = {0};
    unsigned order = 0;

    cell->text_bytes = align_up(layout->offsets[BLOCK_TEXT], 8);
    cell->rodata_bytes = align_up(layout->offsets[BLOCK_RODATA], 8);
    cell->state_bytes = layout->offsets[BLOCK_STATE];
    unit->staging = heap_alloc_bytes(
        buffer_kind, align_up(cell->text_bytes, 16) + cell->rodata_bytes + 16);
    if (!unit->staging)
        return why_set(why, ERR_NOMEM, "no memory for linking it");
    if (cell->text_bytes && !(cell->text = arena_alloc(cell->text_bytes, true)))
        return why_set(why, ERR_NOMEM, "no room for %zu bytes of text", cell->text_bytes);
    if (cell->rodata_bytes && !(cell->rodata = arena_alloc(cell->rodata_bytes, false)))
        return why_set(why, ERR_NOMEM, "no room for %zu bytes of read-only data",
                       cell->rodata_bytes);
    if (!cell->state_bytes)
        return OK;
    while (order < FRAME_MAX_ORDER && PAGE_BYTES << order < cell->state_bytes)
        order++;
    if (!frames_alloc(&state, order, FRAME_STATE))
        return why_set(why, ERR_NOMEM, "no memory for %zu bytes of state", cell->state_bytes);
    cell->state = frames_leak(&state);
    memset(cell->state, 0, cell->state_bytes);
    return OK;
}

static void note_addresses(struct unit *unit)
{
    struct cell *cell = unit->cell;
    const struct elf_image *image = &unit->image;
    uint32_t export = 0;

    for (uint32_t i = 1; i < image->symbol_count; i++) {
        uint64_t address;

        if (!elf_symbol_is_function(image, i))
            continue;
        address = unit->sections[image->symbols[i].shndx].address + image->symbols[i].value;
        cell->functions[cell->function_count++] =
            (struct function){.name = cell->strings + image->symbols[i].name,
                              .offset = (uint32_t)(address - (uint64_t)cell->text),
                              .bytes = (uint32_t)image->symbols[i].size,
                              .exported = elf_symbol_is_export(image, i)};
        if (elf_symbol_is_export(image, i))
            cell->exports[export++].address = address;
    }
}

static void note_sections(struct unit *unit)
{
    struct cell *cell = unit->cell;
    const struct elf_image *image = &unit->image;

    for (uint32_t i = 1; i < image->section_count; i++) {
        struct section *section = &cell->sections[cell->section_count];

        if (image->classes[i] == SECTION_IGNORED)
            continue;
        *section = (struct section){.class = image->classes[i],
                                    .address = unit->sections[i].address,
                                    .bytes = image->sections[i].size};
        string_copy(section->name, sizeof section->name, elf_section_name(image, i));
        cell->section_count++;
    }
}

enum status unit_place(struct unit *unit, struct why *why)
{
    struct layout layout;
    enum status status;

    lay_out(unit, &layout, false);
    status = allocate(unit, &layout, why);
    if (status != OK)
        return status;
    lay_out(unit, &layout, true);
    note_addresses(unit);
    note_sections(unit);
    return OK;
}

/* What a call site of another cell reaches until that cell is committed. */
static void init_trap(void)
{
    char place[100];

    report_place(place, sizeof place, (uint64_t)__builtin_return_address(0));
    fault_caller("%s called another cell in init(), which sees the nucleus only", place);
}

static bool is_call(uint32_t type)
{
    return type == R_RISCV_CALL || type == R_RISCV_CALL_PLT;
}

static enum status resolve_import(struct import *import, enum link_use use, uint64_t *address,
                                  struct why *why)
{
    if (!import->symbol->cell) {
        *address = import->symbol->address;
        return OK;
    }
    if (use == LINK_CALL) {
        *address = (uint64_t)init_trap;
        return OK;
    }
    if (!import->stub)
        import->stub = stub_take(import->symbol->cell, import->symbol->address);
    if (!import->stub)
        return why_set(why, ERR_NOMEM, "no memory for a stub of %s()", import->name);
    *address = import->stub->address;
    return OK;
}

static enum status resolve(void *argument, uint32_t symbol, enum link_use use, uint64_t *address,
                           struct why *why)
{
    struct unit *unit = argument;
    struct symbol_slot *slot = &unit->slots[symbol];
    uint64_t function;

    if (elf_symbol_is_import(&unit->image, symbol))
        return resolve_import(&unit->cell->imports[slot->import], use, address, why);
    if (!slot->stub) {
        function = unit->sections[unit->image.symbols[symbol].shndx].address +
                   unit->image.symbols[symbol].value;
        slot->stub = stub_take(unit->cell, function);
        if (!slot->stub)
            return why_set(why, ERR_NOMEM, "no memory for a stub of %s()",
                           elf_symbol_name(&unit->image, symbol));
    }
    *address = slot->stub->address;
    return OK;
}

static enum status note_site(void *argument, uint32_t section,
                             const struct elf_relocation *relocation)
{
    struct unit *unit = argument;
    struct cell *cell = unit->cell;
    uint32_t import = unit->slots[relocation->symbol].import;
    const struct symbol *symbol = cell->imports[import].symbol;
    uint64_t address = unit->sections[section].address + relocation->offset;

    cell->imports[import].sites++;
    if (!symbol->cell)
        return OK;
    cell->sites[cell->site_count++] = (struct site){.address = address,
                                                    .addend = relocation->addend,
                                                    .type = relocation->type,
                                                    .import = import};
    return is_call(relocation->type) && !link_reaches(address, symbol->address) ? ERR_LINK : OK;
}

/* The object's bytes into the staging buffer. */
static void stage(struct unit *unit)
{
    const struct elf_image *image = &unit->image;

    for (uint32_t i = 1; i < image->section_count; i++)
        if (unit->sections[i].staging)
            memcpy(unit->sections[i].staging, image->bytes + image->sections[i].offset,
                   image->sections[i].size);
}

static enum status check_tables(struct unit *unit, struct why *why)
{
    const struct elf_image *image = &unit->image;
    const struct link_section *frames = &unit->sections[image->eh_frame];
    const struct link_section *except_table = &unit->sections[image->except_table];
    const struct eh_frame tables = {
        .frames = frames->staging,
        .frames_address = frames->address,
        .frames_bytes = image->eh_frame ? image->sections[image->eh_frame].size : 0,
        .except_table = except_table->staging,
        .except_table_address = except_table->address,
        .except_table_bytes = image->except_table ? image->sections[image->except_table].size : 0,
        .text = (uint64_t)unit->cell->text,
        .text_bytes = unit->cell->text_bytes};
    enum status status = manifest_read(&unit->cell->manifest, image, unit->sections, why);

    if (status != OK)
        return status;
    if (strcmp(unit->cell->manifest.name, unit->name) != 0)
        return why_set(why, ERR_FORMAT, "its manifest says that it is cell %s",
                       unit->cell->manifest.name);
    return eh_frame_validate(&tables, why);
}

enum status unit_link(struct unit *unit, struct why *why)
{
    struct cell *cell = unit->cell;
    const struct link_context context = {.image = &unit->image,
                                         .sections = unit->sections,
                                         .resolve = resolve,
                                         .site = note_site,
                                         .argument = unit,
                                         .why = why};
    enum status status;

    stage(unit);
    status = link_apply(&context);
    if (status == OK)
        status = check_tables(unit, why);
    if (status != OK)
        return status;
    text_write(cell->text, unit->staging, cell->text_bytes);
    text_write(cell->rodata, unit->staging + align_up(cell->text_bytes, 16), cell->rodata_bytes);
    return OK;
}

void unit_bind_calls(struct unit *unit)
{
    for (uint32_t i = 0; i < unit->cell->site_count; i++) {
        const struct site *site = &unit->cell->sites[i];
        uint64_t target = unit->cell->imports[site->import].symbol->address;
        uint8_t pair[8];

        if (!is_call(site->type))
            continue;
        memcpy(pair, (const void *)site->address, sizeof pair);
        if (link_patch_pair(site->address, target, pair) != OK)
            panic("a call site at 0x%lx that was checked does not reach", site->address);
        text_write_pair(site->address, pair);
    }
}
