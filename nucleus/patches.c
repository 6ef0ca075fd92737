/* What a swap changes in the text of others (patches.h). */
#include "patches.h"

#include "heap_private.h"
#include "hooks_private.h"

const struct symbol *cell_export(const struct cell *cell, const char *name)
{
    for (uint32_t i = 0; i < cell->export_count; i++) {
        if (strcmp(cell->exports[i].name, name) == 0)
            return &cell->exports[i];
    }
    return NULL;
}

#define STUB_LINKS (3ul << 40) /* rd of a stub's jalr: t1, or x0 */
#define JALR 0x67u             /* opcode: the second instruction of a pair */

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

enum status import_check(const struct cell *user, const struct import *import, const struct cell *provider,
                         const struct symbol *symbol, struct why *why)
{
    if (!symbol)
        return why_set(why, ERR_LINK, "needs %s(), which %s %s lacks", import->name, provider->manifest.name,
                       provider->manifest.version);
    if (symbol->signature == import->signature)
        return OK;
    why_set(why, ERR_LINK, "%s() of %s has another prototype than it was built for", import->name,
            cell_name(provider));
    hooks.evolve_explain(user, provider, import->name, why);
    return ERR_LINK;
}

/* What the imports of @p user are bound to after the swap. */
static enum status find_successors(struct patches *patches, struct cell *user)
{
    enum status status = OK;

    for (uint32_t i = 0; i < user->import_count && status == OK; i++) {
        struct import *import = &user->imports[i];
        const struct unit *new = import->symbol->cell ? unit_of(&import->symbol->cell->link)->replaced_by : NULL;

        import->successor = new ? cell_export(&new->cell, import->name) : NULL;
        if (new)
            status = import_check(user, import, &new->cell, import->successor, &patches->report->why);
    }
    if (status != OK)
        why_prefix(&patches->report->why, user->manifest.name);
    return status;
}

/* The patches for the calls of one cell. */
static enum status add_sites(struct patches *patches, struct cell *user)
{
    enum status status = find_successors(patches, user);

    for (uint32_t i = 0; i < user->site_count && status == OK; i++) {
        const struct symbol *successor = user->imports[user->sites[i].import].successor;

        if (!successor || !unit_is_call(user->sites[i].type))
            continue;
        status = add_pair(patches, user->sites[i].address, successor->address);
        patches->report->sites++;
    }
    return status;
}

static enum status add_stubs(struct patches *patches, const struct unit *old)
{
    enum status status = OK;

    list_each(node, &old->cell.stubs) {
        struct stub *stub = list_entry(node, struct stub, link);
        struct text_pair *pair = &patches->pairs[patches->count];

        if (status != OK)
            break;
        if (stub->successor == STUB_LOST)
            stub->successor = (uint64_t)stub_lost;
        status = add_pair(patches, stub->address, stub->successor);
        pair->becomes &= ~STUB_LINKS;
        pair->becomes |= stub->successor == (uint64_t)stub_lost ? STUB_LINKS : 0;
        patches->report->stubs++;
    }
    return status;
}

enum status patches_make(struct patches *patches)
{
    enum status status = OK;
    size_t most = 0;

    for (struct unit *user = unit_next(NULL); user; user = unit_next(user)) {
        most += user->cell.site_count;
        for (struct list *node = user->cell.stubs.next; user->replaced_by && node != &user->cell.stubs; node = node->next)
            most++;
    }
    patches->pairs = heap_alloc_bytes(buffer_kind, most * sizeof *patches->pairs + 1);
    if (!patches->pairs)
        return why_set(&patches->report->why, ERR_NOMEM, "no memory for %zu patches", most);
    for (struct unit *user = unit_next(NULL); user && status == OK; user = unit_next(user)) {
        if (user->replaced_by)
            status = add_stubs(patches, user);
        else
            status = add_sites(patches, &user->cell);
    }
    return status;
}

bool patches_move_back(const struct patches *patches, struct registers *registers)
{
    if (!registers->status || !arena_has_text(registers->pc) || /* it gave the hart up by itself, or in the nucleus */
        (*(const uint16_t *)registers->pc & 0x7f) != JALR)
        return false;
    for (uint32_t i = 0; i < patches->count; i++) {
        if (patches->pairs[i].address + 4 != registers->pc)
            continue;
        registers->pc -= 4;
        return true;
    }
    return false;
}
