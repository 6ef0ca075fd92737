/* What a swap changes in the text of others (patches.h). */
#include "patches.h"

#include "heap_private.h"

const struct symbol *cell_export(const struct cell *cell, const char *name)
{
    for (uint32_t i = 0; i < cell->export_count; i++) {
        if (strcmp(cell->exports[i].name, name) == 0)
            return &cell->exports[i];
    }
    return NULL;
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

enum status swap_match_stubs(struct unit *unit)
{
    struct unit *old = unit->replaces;

    if (!old)
        return OK;
    list_each(node, &old->cell.stubs) {
        struct stub *stub = list_entry(node, struct stub, link);
        uint32_t was = function_at(old, stub->function);
        const char *name = elf_symbol_name(&old->image, was);

        stub->successor = 0;
        for (uint32_t i = 1; i < unit->image.symbol_count && was; i++) {
            if (elf_symbol_is_function(&unit->image, i) &&
                strcmp(elf_symbol_name(&unit->image, i), name) == 0 &&
                strcmp(file_of(&unit->image, i), file_of(&old->image, was)) == 0)
                stub->successor = unit_address(unit, i);
        }
        if (!stub->successor && unit_inherits(unit))
            return why_set(unit->why, ERR_LINK, "lacks %s(), to which someone may hold a pointer",
                           name);
    }
    return OK;
}

/* While patches are made. */
struct making {
    struct patches *patches;
    struct swap_report *report;
    const struct unit *old, *new;
};

static enum status add_pair(const struct making *making, uint64_t address, uint64_t target)
{
    struct text_pair *pair = &making->patches->pairs[making->patches->count];
    uint8_t bytes[8];

    memcpy(bytes, (const void *)address, 8);
    memcpy(&pair->was, bytes, 8);
    if (link_patch_pair(address, target, bytes) != OK)
        return why_set(&making->report->why, ERR_LINK, "a call at 0x%lx does not reach 0x%lx",
                       address, target);
    memcpy(&pair->becomes, bytes, 8);
    pair->address = address;
    making->patches->count++;
    return OK;
}

/* The patches for the calls of one cell. */
static enum status add_sites(const struct making *making, const struct cell *user)
{
    struct swap_report *report = making->report;
    enum status status = OK;

    for (uint32_t i = 0; i < user->import_count; i++) {
        if (user->imports[i].symbol->cell == &making->old->cell &&
            !cell_export(&making->new->cell, user->imports[i].name))
            return why_set(&report->why, ERR_LINK, "%s needs %s(), which %s %s lacks",
                           user->manifest.name, user->imports[i].name, report->new,
                           report->new_version);
    }
    for (uint32_t i = 0; i < user->site_count && status == OK; i++) {
        const struct symbol *symbol = user->imports[user->sites[i].import].symbol;

        if (symbol->cell != &making->old->cell || !unit_is_call(user->sites[i].type))
            continue;
        status = add_pair(making, user->sites[i].address,
                          cell_export(&making->new->cell, symbol->name)->address);
        report->sites++;
    }
    return status;
}

static enum status add_stubs(const struct making *making)
{
    enum status status = OK;

    list_each(node, &making->old->cell.stubs) {
        const struct stub *stub = list_entry(node, struct stub, link);

        if (status == OK && stub->successor) {
            status = add_pair(making, stub->address, stub->successor);
            making->report->stubs++;
        }
    }
    return status;
}

/* Shell's sort (CACM 2, 1959): the calls of each section are in order already, which makes it quick. */
static void sort(struct text_pair *pairs, uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < count; i++) {
            struct text_pair pair = pairs[i];
            uint32_t at = i;

            for (; at >= gap && pairs[at - gap].address > pair.address; at -= gap)
                pairs[at] = pairs[at - gap];
            pairs[at] = pair;
        }
    }
}

enum status patches_make(struct patches *patches, struct swap_report *report,
                         const struct unit *old, const struct unit *new)
{
    struct making making = {patches, report, old, new};
    enum status status = OK;
    size_t most = 0;

    for (struct unit *user = unit_next(NULL); user; user = unit_next(user))
        most += user->cell.site_count;
    list_each(node, &old->cell.stubs)
        most++;
    patches->pairs = heap_alloc_bytes(buffer_kind, most * sizeof *patches->pairs + 1);
    if (!patches->pairs)
        return why_set(&report->why, ERR_NOMEM, "no memory for %zu patches", most);
    for (struct unit *user = unit_next(NULL); user && status == OK; user = unit_next(user)) {
        if (user != old && user->cell.live)
            status = add_sites(&making, &user->cell);
    }
    if (status == OK)
        status = add_stubs(&making);
    sort(patches->pairs, patches->count);
    return status;
}

void patches_move_back(const struct patches *patches, struct registers *registers)
{
    uint32_t low = 0, high = patches->count;

    if (!registers->status) /* it gave the hart up by itself, in the nucleus */
        return;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (patches->pairs[middle].address + 4 < registers->pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < patches->count && patches->pairs[low].address + 4 == registers->pc)
        registers->pc -= 4;
}
