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

#define STUB_LINKS (3ul << 40) /* rd of a stub's jalr: t1, or x0 */

static enum status add_pair(struct patches *patches, uint64_t address, uint64_t target)
{
    struct text_pair *pair = &patches->pairs[patches->count];

    memcpy(&pair->was, (const void *)address, 8);
    pair->becomes = pair->was;
    if (link_patch_pair(address, target, (uint8_t *)&pair->becomes) != OK)
        return why_set(&patches->report->why, ERR_LINK, "a call at 0x%lx does not reach 0x%lx",
                       address, target);
    pair->address = address;
    patches->count++;
    return OK;
}

/* The patches for the calls of one cell. */
static enum status add_sites(struct patches *patches, const struct cell *user)
{
    struct swap_report *report = patches->report;
    enum status status = OK;

    for (uint32_t i = 0; i < user->import_count; i++) {
        if (user->imports[i].symbol->cell == &patches->old->cell &&
            !cell_export(&patches->new->cell, user->imports[i].name))
            return why_set(&report->why, ERR_LINK, "%s needs %s(), which %s %s lacks",
                           user->manifest.name, user->imports[i].name, report->new,
                           report->new_version);
    }
    for (uint32_t i = 0; i < user->site_count && status == OK; i++) {
        const struct symbol *symbol = user->imports[user->sites[i].import].symbol;

        if (symbol->cell != &patches->old->cell || !unit_is_call(user->sites[i].type))
            continue;
        status = add_pair(patches, user->sites[i].address,
                          cell_export(&patches->new->cell, symbol->name)->address);
        report->sites++;
    }
    return status;
}

static enum status add_stubs(struct patches *patches)
{
    enum status status = OK;

    list_each(node, &patches->old->cell.stubs) {
        const struct stub *stub = list_entry(node, struct stub, link);
        struct text_pair *pair = &patches->pairs[patches->count];

        if (status != OK)
            break;
        status = add_pair(patches, stub->address, stub->successor);
        pair->becomes &= ~STUB_LINKS;
        pair->becomes |= stub->successor == (uint64_t)stub_lost ? STUB_LINKS : 0;
        patches->report->stubs++;
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

enum status patches_make(struct patches *patches)
{
    enum status status = OK;
    size_t most = 0;

    for (struct unit *user = unit_next(NULL); user; user = unit_next(user))
        most += user->cell.site_count;
    list_each(node, &patches->old->cell.stubs)
        most++;
    patches->pairs = heap_alloc_bytes(buffer_kind, most * sizeof *patches->pairs + 1);
    if (!patches->pairs)
        return why_set(&patches->report->why, ERR_NOMEM, "no memory for %zu patches", most);
    for (struct unit *user = unit_next(NULL); user && status == OK; user = unit_next(user)) {
        if (user != patches->old) /* also those that come with the new cell, and call the one they found */
            status = add_sites(patches, &user->cell);
    }
    if (status == OK)
        status = add_stubs(patches);
    sort(patches->pairs, patches->count);
    return status;
}

bool patches_move_back(const struct patches *patches, struct registers *registers)
{
    uint32_t low = 0, high = patches->count;

    if (!registers->status) /* it gave the hart up by itself, in the nucleus */
        return false;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (patches->pairs[middle].address + 4 < registers->pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == patches->count || patches->pairs[low].address + 4 != registers->pc)
        return false;
    registers->pc -= 4;
    return true;
}
