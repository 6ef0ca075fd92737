/* Units: a cell from its object file to memory, and back to nothing. Text and read-only data are
 * relocated in a staging buffer and then written to their arenas, so a half-linked byte is never in
 * executable memory. */
#include "arena.h"
#include "cell_private.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/frame.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "report.h"

/* Cuts @p count elements off what begins at *@p at. */
static void *carve(uint64_t *at, size_t count, size_t bytes)
{
    void *part = (void *)*at;

    *at += align_up(count * bytes, 8);
    return part;
}

/* Lays out the tables from @p at on. @return where they end. */
static uint64_t carve_tables(struct unit *unit, const struct elf_image *image, uint64_t at)
{
    const uint64_t frames_bytes = image->eh_frame ? image->sections[image->eh_frame].size : 0;
    struct cell *cell = &unit->cell;

    cell->exports = carve(&at, image->export_count, sizeof *cell->exports);
    cell->imports = carve(&at, image->import_count, sizeof *cell->imports);
    cell->sites = carve(&at, image->site_count, sizeof *cell->sites);
    cell->sections = carve(&at, image->section_count, sizeof *cell->sections);
    unit->import_of = carve(&at, image->symbol_count - image->first_global, sizeof(uint32_t));
    unit->frames.index = carve(&at, frames_bytes / EH_FRAME_FDE_BYTES, sizeof *unit->frames.index);
    return at;
}

/* Enters exports, still without addresses, so that the other units of the transaction find them; and
 * imports, still without providers. */
enum status unit_enter_symbols(struct unit *unit)
{
    OWN(spin_guard) guard = {0};
    struct cell *cell = &unit->cell;
    const struct elf_image *image = &unit->image;
    enum status status = OK;

    spin_lock(&guard, &cell_table.lock);
    cell->state_signature = elf_signature(image, 0);
    cell->section_count = image->section_count;
    cell->symbols = image->symbols;
    cell->symbol_names = image->symbol_names;
    cell->object = image->bytes;
    cell->object_bytes = image->length;
    cell->symbol_count = image->symbol_count;
    for (uint32_t i = image->first_global; i < image->symbol_count && status == OK; i++) {
        const char *name = elf_symbol_name(image, i);
        uint64_t signature = elf_signature(image, 1 + i - image->first_global);

        if (elf_symbol_is_import(image, i)) {
            unit->import_of[i - image->first_global] = cell->import_count;
            cell->imports[cell->import_count].signature = signature;
            cell->imports[cell->import_count++].name = name;
        } else if (elf_symbol_is_export(image, i)) {
            struct symbol *symbol = &cell->exports[cell->export_count++];

            *symbol = (struct symbol){
                .name = name, .bytes = (uint32_t)image->symbols[i].size, .cell = cell, .signature = signature};
            status = symbol_insert(symbol);
            if (status == ERR_EXISTS && unit->replaces &&
                symbol_lookup(name)->cell == &unit->replaces->cell)
                status = OK; /* it takes the place when the cell does */
            if (status != OK)
                why_set(unit->why, status, "exports %s(), which %s provides already", name,
                        cell_name(symbol_lookup(name)->cell));
        }
    }
    spin_unlock(&guard, &cell_table.lock);
    return status;
}

/* The size of the block of frames that @p bytes are in. */
static size_t block_bytes(size_t bytes)
{
    size_t block = PAGE_BYTES;

    while (block < bytes && block < PAGE_BYTES << FRAME_MAX_ORDER)
        block *= 2;
    return block;
}

/* Frames for @p bytes. @return NULL: no memory. */
static void *block_alloc(size_t bytes, enum frame_use use)
{
    OWN(frames) block = {0};
    unsigned order = (unsigned)__builtin_ctzl(block_bytes(bytes) / PAGE_BYTES);

    if (!frames_alloc(&block, order, use))
        return NULL;
    return frames_leak(&block);
}

static void block_free(void *base)
{
    OWN(frames) block = {0};

    frames_adopt(&block, base);
    frames_drop(&block);
}

enum status unit_make(struct unit **unit, const void *object, size_t bytes, bool copy,
                      struct why *why)
{
    void *copied = copy || (uint64_t)object % 8 != 0 ? block_alloc(bytes, FRAME_CELL) : NULL;
    struct elf_image image;
    struct unit layout;
    uint64_t all_bytes;
    enum status status;

    if (copied)
        object = memcpy(copied, object, bytes);
    else if (copy || (uint64_t)object % 8 != 0)
        return why_set(why, ERR_NOMEM, "no memory for a copy of its object (%zu bytes)", bytes);
    status = elf_open(&image, object, bytes, why);
    if (status == OK) {
        all_bytes = carve_tables(&layout, &image, sizeof layout);
        *unit = block_alloc(all_bytes, FRAME_CELL);
        if (!*unit)
            status = why_set(why, ERR_NOMEM, "no memory for its tables (%lu bytes)", all_bytes);
    }
    if (status != OK) {
        block_free(copied);
        return status;
    }
    memset(*unit, 0, all_bytes);
    carve_tables(*unit, &image, (uint64_t)(*unit + 1));
    (*unit)->image = image;
    (*unit)->copy = copied;
    (*unit)->why = why;
    return OK;
}

static struct cell_block *block_of(struct cell *cell, enum section_class class)
{
    if (class == SECTION_TEXT)
        return &cell->text;
    return class == SECTION_STATE ? &cell->state : &cell->rodata;
}

/* Lays the sections out one after another, each in its block; addresses are still offsets. */
static enum status lay_out(struct unit *unit)
{
    const struct elf_image *image = &unit->image;
    struct cell *cell = &unit->cell;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *section = &image->sections[i];
        struct cell_block *block = block_of(cell, image->classes[i]);

        if (image->classes[i] == SECTION_IGNORED)
            continue;
        if (section->addralign > ARENA_ALIGN && block != &cell->state)
            return why_set(unit->why, ERR_UNSUPPORTED, "section %s: aligned to more than %u bytes",
                           elf_section_name(image, i), ARENA_ALIGN);
        unit->cell.sections[i].address = align_up(block->bytes, section->addralign ?: 1);
        block->bytes = unit->cell.sections[i].address + section->size;
    }
    cell->text.bytes = align_up(cell->text.bytes, 16);
    cell->rodata.bytes = align_up(cell->rodata.bytes, 8);
    return OK;
}

static enum status allocate(struct unit *unit)
{
    struct cell *cell = &unit->cell;

    unit->staging = block_alloc(cell->text.bytes + cell->rodata.bytes, FRAME_CELL);
    if (!unit->staging)
        return why_set(unit->why, ERR_NOMEM, "no memory for linking it");
    cell->text.base = arena_alloc(cell->text.bytes, true);
    cell->rodata.base = arena_alloc(cell->rodata.bytes, false);
    if (!cell->text.base || !cell->rodata.base)
        return why_set(unit->why, ERR_NOMEM, "no room in memory for %zu bytes of text and %zu of read-only data",
                       cell->text.bytes, cell->rodata.bytes);
    if (!cell->state.bytes)
        return OK;
    if (unit_inherits(unit) && unit->replaces->cell.state.base) {
        size_t room = block_bytes(unit->replaces->cell.state.bytes);

        if (cell->state.bytes > room)
            return why_set(unit->why, ERR_UNSUPPORTED, "its state has %zu bytes, and there is room for %zu",
                           cell->state.bytes, room);
        cell->state.base = unit->replaces->cell.state.base;
        return OK;
    }
    cell->state.base = block_alloc(cell->state.bytes, FRAME_STATE);
    if (!cell->state.base)
        return why_set(unit->why, ERR_NOMEM, "no memory for %zu bytes of state", cell->state.bytes);
    memset(cell->state.base, 0, cell->state.bytes);
    return OK;
}

/* Turns offsets into addresses, and brings the object's bytes into the staging buffer. */
static void stage(struct unit *unit)
{
    const struct elf_image *image = &unit->image;
    struct cell *cell = &unit->cell;

    for (uint32_t i = 1; i < image->section_count; i++) {
        const struct elf_section *section = &image->sections[i];
        struct cell_block *block = block_of(cell, image->classes[i]);
        struct section *place = &cell->sections[i];

        if (image->classes[i] == SECTION_IGNORED)
            continue;
        if (block != &cell->state) {
            place->staging = unit->staging + place->address;
            place->staging += block == &cell->rodata ? cell->text.bytes : 0;
            memcpy(place->staging, image->bytes + section->offset, section->size);
        }
        place->address += (uint64_t)block->base;
        place->name = elf_section_name(image, i);
        place->bytes = (uint32_t)section->size;
        place->class = image->classes[i];
    }
}

enum status unit_place(struct unit *unit)
{
    const struct elf_image *image = &unit->image;
    enum status status = lay_out(unit);
    uint32_t export = 0;

    if (status == OK)
        status = allocate(unit);
    if (status != OK)
        return status;
    stage(unit);
    unit->cell.kinds = (const void *)unit->cell.sections[image->kinds].address;
    unit->cell.kind_count = (uint32_t)(image->sections[image->kinds].size / sizeof *unit->cell.kinds);
    unit->cell.migrations = (const void *)unit->cell.sections[image->migrations].address;
    unit->cell.migration_count =
        (uint32_t)(image->sections[image->migrations].size / sizeof *unit->cell.migrations);
    for (uint32_t i = image->first_global; i < image->symbol_count; i++) {
        if (elf_symbol_is_export(image, i))
            unit->cell.exports[export++].address = unit_address(unit, i);
    }
    return OK;
}

/* What a call site of another cell reaches until that cell is committed. */
static void init_trap(void)
{
    char place[100];

    hooks.code_describe((uint64_t)__builtin_return_address(0), place, sizeof place);
    fault_caller("%s called another cell in init(), which sees the nucleus only", place);
}

static struct import *import_of(const struct unit *unit, uint32_t symbol)
{
    return &unit->cell.imports[unit->import_of[symbol - unit->image.first_global]];
}

/* The stub of a function of @p unit: that of the version before, or a new one. */
static struct stub *stub_of(struct unit *unit, uint64_t function, bool own)
{
    struct list *none = &unit->cell.stubs, *before = unit->replaces ? &unit->replaces->cell.stubs : none;

    list_each(node, before) {
        struct stub *stub = list_entry(node, struct stub, link);

        if (before != none && stub->successor == function) {
            stub->own |= own;
            stub->uses += !own;
            return stub;
        }
    }
    return stub_take(&unit->cell, function, own);
}

static enum status resolve(void *argument, uint32_t symbol, bool keep, uint64_t *address,
                           struct why *why)
{
    struct unit *unit = argument;
    struct import *import =
        elf_symbol_is_import(&unit->image, symbol) ? import_of(unit, symbol) : NULL;
    struct stub *stub;

    if (import && (!import->symbol->cell || !keep)) {
        *address = import->symbol->cell ? (uint64_t)init_trap : import->symbol->address;
        return OK;
    }
    if (!import)
        stub = stub_of(unit, unit_address(unit, symbol), true);
    else
        stub = import->stub =
            import->stub ?: stub_of(unit_of(&import->symbol->cell->link), import->symbol->address, false);
    if (!stub)
        return why_set(why, ERR_NOMEM, "no memory for a stub of %s()",
                       elf_symbol_name(&unit->image, symbol));
    *address = stub->address;
    return OK;
}

static enum status note_site(void *argument, uint32_t section,
                             const struct elf_relocation *relocation)
{
    struct unit *unit = argument;
    struct cell *cell = &unit->cell;
    struct import *import = import_of(unit, relocation->symbol);
    uint64_t address = unit->cell.sections[section].address + relocation->offset;

    import->sites++;
    if (!import->symbol->cell)
        return OK;
    cell->sites[cell->site_count++] = (struct site){.address = address,
                                                    .addend = relocation->addend,
                                                    .type = relocation->type,
                                                    .import = (uint32_t)(import - cell->imports)};
    return unit_is_call(relocation->type) && !link_reaches(address, import->symbol->address) ? ERR_LINK
                                                                                        : OK;
}

/* Checks the unwind tables, and makes @p tables of them, which are good once their cell has been written. */
static enum status check_tables(struct unit *unit, struct eh_frame *tables)
{
    const struct elf_image *image = &unit->image;
    const struct section *frames = &unit->cell.sections[image->eh_frame];
    const struct section *except_table = &unit->cell.sections[image->except_table];
    struct manifest manifest;
    enum status status = manifest_read(&manifest, image, unit->cell.sections, unit->why);

    if (status == OK && strcmp(manifest.name, unit->cell.manifest.name) != 0)
        status = why_set(unit->why, ERR_FORMAT, "its manifest says that it is cell %s", manifest.name);
    if (status != OK)
        return status;
    unit->cell.manifest = manifest;
    *tables = (struct eh_frame){
        .frames = frames->staging,
        .frames_address = frames->address,
        .frames_bytes = image->eh_frame ? image->sections[image->eh_frame].size : 0,
        .except_table = except_table->staging,
        .except_table_address = except_table->address,
        .except_table_bytes = image->except_table ? image->sections[image->except_table].size : 0,
        .text = (uint64_t)unit->cell.text.base,
        .text_bytes = unit->cell.text.bytes,
        .index = unit->frames.index};
    status = eh_frame_validate(tables, unit->why);
    if (status != OK)
        return status;
    tables->index_count = eh_frame_index(tables, tables->index);
    tables->frames = (const uint8_t *)tables->frames_address;
    tables->except_table = (const uint8_t *)tables->except_table_address;
    return OK;
}

/* From here on stacks are walked by them (eh_frame_at()): the size of the text comes last, and makes them seen. */
static void publish_tables(struct unit *unit, struct eh_frame *tables)
{
    tables->text_bytes = 0;
    unit->frames = *tables;
    __atomic_store_n(&unit->frames.text_bytes, unit->cell.text.bytes, __ATOMIC_RELEASE);
}

enum status unit_link(struct unit *unit)
{
    struct cell *cell = &unit->cell;
    const struct link_context context = {.image = &unit->image,
                                         .sections = unit->cell.sections,
                                         .resolve = resolve,
                                         .site = note_site,
                                         .argument = unit,
                                         .why = unit->why};
    enum status status = link_apply(&context);
    struct eh_frame tables;

    if (status == OK)
        status = check_tables(unit, &tables);
    if (status != OK)
        return status;
    text_write(cell->text.base, unit->staging, cell->text.bytes);
    text_write(cell->rodata.base, unit->staging + cell->text.bytes, cell->rodata.bytes);
    publish_tables(unit, &tables);
    return OK;
}

void unit_bind_calls(struct unit *unit)
{
    for (uint32_t i = 0; i < unit->cell.site_count; i++) {
        const struct site *site = &unit->cell.sites[i];
        uint64_t target = unit->cell.imports[site->import].symbol->address;
        uint8_t pair[8];

        if (!unit_is_call(site->type))
            continue;
        memcpy(pair, (const void *)site->address, sizeof pair);
        if (link_patch_pair(site->address, target, pair) != OK)
            panic("a call site at 0x%lx that was checked does not reach", site->address);
        text_write_pair(site->address, pair);
    }
}

void unit_unstage(struct unit *unit)
{
    block_free(unit->staging);
    unit->staging = NULL;
}

static void look_elsewhere(void *unused)
{
    (void)unused;
}

void unit_drop(struct unit *unit)
{
    OWN(spin_guard) guard = {0};
    struct cell *cell = &unit->cell;

    while (!list_empty(&cell->stubs))
        stub_drop(list_entry(cell->stubs.next, struct stub, link));
    if (unit->replaces && cell->state.base == unit->replaces->cell.state.base)
        cell->state.base = NULL;
    spin_lock(&guard, &cell_table.lock);
    for (uint32_t i = 0; i < cell->export_count; i++)
        symbol_remove(&cell->exports[i]);
    list_unlink(&cell->link);
    spin_unlock(&guard, &cell_table.lock);
    hart_each(look_elsewhere, NULL); /* no trap handler is at it any more (eh_frame_at()) */
    arena_free(cell->text.base, cell->text.bytes);
    arena_free(cell->rodata.base, cell->rodata.bytes);
    block_free(cell->state.base);
    unit_unstage(unit);
    block_free(unit->copy);
    block_free(unit);
}
