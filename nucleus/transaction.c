/* A transaction: loads any number of cells, or none of them.
 *
 *     gather   open the objects, find providers of what they import, until nothing is missing
 *     place    memory and addresses for all
 *     link     relocate, check tables, write text; calls between cells still lead to a trap
 *     init     each cell prepares its own state
 *     commit   bind calls, hooks; nothing here can fail
 *     start    providers first; a failure stops those that were started and takes all out again
 *
 * INV-LOAD-1: after a failure, tables, heap and frames are as before the transaction (but for empty
 * slabs and arenas, which are kept for the next one). */
#include "arena.h"
#include "archive.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

static uint32_t running; /* a transaction is; atomic */

enum status transaction_begin(struct transaction *transaction, enum cell_reason reason,
                              struct why *why)
{
    if (__atomic_exchange_n(&running, 1, __ATOMIC_ACQUIRE))
        return why_set(why, ERR_BUSY, "another load or unload is under way; try again");
    *transaction = (struct transaction){.reason = reason, .why = why};
    list_init(&transaction->units);
    return OK;
}

void transaction_end(void)
{
    __atomic_store_n(&running, 0, __ATOMIC_RELEASE);
}

/* Puts the chain of those that asked for @p unit in front of the explanation. */
static void explain(const struct transaction *transaction, const struct unit *unit)
{
    for (; unit; unit = unit->needed_by)
        why_prefix(transaction->why, unit->name);
}

static struct unit *unit_make(struct transaction *transaction, const char *name,
                              struct unit *needed_by)
{
    OWN(spin_guard) guard = {0};
    struct unit *unit = heap_alloc(unit_kind);
    struct cell *cell = unit ? heap_alloc(cell_kind) : NULL;

    if (!cell) {
        heap_free(unit_kind, unit);
        return NULL;
    }
    memset(cell, 0, sizeof *cell);
    memset(unit, 0, sizeof *unit);
    list_init(&cell->stubs);
    string_copy(cell->manifest.name, sizeof cell->manifest.name, name);
    string_copy(unit->name, sizeof unit->name, name);
    cell->unit = unit;
    unit->cell = cell;
    unit->needed_by = needed_by;
    list_push_back(&transaction->units, &unit->link);
    transaction->count++;
    spin_lock(&guard, &cell_table.lock);
    list_push_back(table_cells(), &cell->link);
    spin_unlock(&guard, &cell_table.lock);
    return unit;
}

static enum status find_object(const char *name, const void **object, size_t *bytes,
                               struct why *why)
{
    char file[CELL_NAME_ROOM + 8];

    format(file, sizeof file, "%s.cell", name);
    if (archive_file(file, object, bytes))
        return OK;
    return why_set(why, ERR_NOT_FOUND, "there is no %s in the boot archive", file);
}

enum status transaction_add(struct transaction *transaction, const char *name,
                            struct unit *needed_by, const void *object, size_t bytes)
{
    struct why *why = transaction->why;
    struct unit *unit;
    enum status status = OK;

    if (cell_lookup(name))
        return why_set(why, ERR_EXISTS, "%s is loaded already", name);
    if (transaction->count == TRANSACTION_MAX_CELLS)
        return why_set(why, ERR_NOMEM, "more than %u cells would be loaded at once",
                       TRANSACTION_MAX_CELLS);
    if (!object)
        status = find_object(name, &object, &bytes, why);
    if (status != OK) {
        explain(transaction, needed_by);
        return status;
    }
    unit = unit_make(transaction, name, needed_by);
    if (!unit)
        return why_set(why, ERR_NOMEM, "%s: no memory", name);
    status = unit_open(transaction, unit, object, bytes, why);
    if (status != OK)
        explain(transaction, unit);
    return status;
}

/* Finds the provider of one import, adding a cell of the archive when need be. */
static enum status find_provider(struct transaction *transaction, struct unit *unit,
                                 struct import *import)
{
    char provider[CELL_NAME_ROOM];
    enum status status;

    import->symbol = symbol_lookup_locked(import->name);
    if (import->symbol)
        return OK;
    if (!archive_symbol_provider(import->name, provider)) {
        why_set(transaction->why, ERR_LINK,
                "needs %s(), which no loaded or archived cell provides", import->name);
        explain(transaction, unit);
        return ERR_LINK;
    }
    status = cell_lookup(provider) ? OK : transaction_add(transaction, provider, unit, NULL, 0);
    if (status != OK)
        return status;
    import->symbol = symbol_lookup_locked(import->name);
    if (import->symbol)
        return OK;
    why_set(transaction->why, ERR_LINK, "needs %s(), which %s does not provide, though the "
            "archive's index says so", import->name, provider);
    explain(transaction, unit);
    return ERR_LINK;
}

static enum status gather(struct transaction *transaction)
{
    /* Units are added at the end while this runs. */
    list_each(node, &transaction->units)
    {
        struct unit *unit = list_entry(node, struct unit, link);

        for (uint32_t i = 0; i < unit->cell->import_count; i++) {
            enum status status = find_provider(transaction, unit, &unit->cell->imports[i]);

            if (status != OK)
                return status;
        }
    }
    return OK;
}

/* Providers before users; where they form a cycle, the one that was asked for first comes last. */
static void put_in_order(struct transaction *transaction, struct unit *unit)
{
    if (unit->ordered)
        return;
    unit->ordered = true;
    for (uint32_t i = 0; i < unit->cell->import_count; i++) {
        struct cell *provider = unit->cell->imports[i].symbol->cell;

        if (provider && provider->unit)
            put_in_order(transaction, provider->unit);
    }
    transaction->order[transaction->ordered++] = unit;
}

static enum status each_unit(struct transaction *transaction,
                             enum status (*action)(struct unit *unit, struct why *why))
{
    for (unsigned i = 0; i < transaction->count; i++) {
        struct unit *unit = transaction->order[i];
        enum status status = action(unit, transaction->why);

        if (status != OK) {
            explain(transaction, unit);
            return status;
        }
    }
    return OK;
}

struct entry_call {
    enum status (*entry)(enum cell_reason reason);
    enum cell_reason reason;
};

static enum status make_entry_call(void *argument)
{
    const struct entry_call *call = argument;

    return call->entry(call->reason);
}

enum status cell_call_entry(uint64_t address, enum cell_reason reason)
{
    struct entry_call call = {.entry = (enum status(*)(enum cell_reason))address, .reason = reason};

    return address ? guarded_call(make_entry_call, &call) : OK;
}

/* Runs init() or start() of all units. */
static enum status run_entries(struct transaction *transaction, bool start)
{
    for (unsigned i = 0; i < transaction->count; i++) {
        struct unit *unit = transaction->order[i];
        const struct manifest *manifest = &unit->cell->manifest;
        enum status status = cell_call_entry(start ? manifest->start : manifest->init,
                                             transaction->reason);

        if (status != OK) {
            why_set(transaction->why, status, "its %s() failed: %s", start ? "start" : "init",
                    status_name(status));
            explain(transaction, unit);
            return status == ERR_FAULT ? ERR_FAULT : ERR_INIT;
        }
        if (start)
            unit->started = true;
        else
            unit->initialised = true;
    }
    return OK;
}

static void commit(struct transaction *transaction)
{
    for (unsigned i = 0; i < transaction->count; i++)
        unit_bind_calls(transaction->order[i]);
    harts_fence_i();
    for (unsigned i = 0; i < transaction->count; i++) {
        struct unit *unit = transaction->order[i];
        struct cell *cell = unit->cell;

        for (uint32_t j = 0; j < cell->export_count; j++)
            hook_bind(&cell->exports[j], true);
        unit->committed = true;
        __atomic_store_n(&cell->live, true, __ATOMIC_RELEASE);
    }
}

void cell_retract(struct cell *cell)
{
    __atomic_store_n(&cell->live, false, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < cell->export_count; i++)
        hook_bind(&cell->exports[i], false);
}

static void undo(struct transaction *transaction)
{
    for (unsigned i = transaction->ordered; i-- > 0;) {
        struct unit *unit = transaction->order[i];

        if (unit->started && cell_call_entry(unit->cell->manifest.stop, REASON_UNLOAD) != OK)
            log_write("load: %s could not be stopped while the load was undone", unit->name);
    }
    list_each(node, &transaction->units)
    {
        struct unit *unit = list_entry(node, struct unit, link);

        if (unit->committed)
            cell_retract(unit->cell);
        unit->committed = false;
        kind_destroy_all(unit->cell, true, NULL);
        cell_release_imports(unit->cell);
    }
}

static enum status prepare(struct transaction *transaction)
{
    enum status status = gather(transaction);

    if (status != OK)
        return status;
    list_each(node, &transaction->units)
    {
        put_in_order(transaction, list_entry(node, struct unit, link));
    }
    status = each_unit(transaction, unit_place);
    if (status == OK)
        status = each_unit(transaction, unit_link);
    if (status == OK)
        harts_fence_i();
    return status;
}

enum status transaction_run(struct transaction *transaction, enum status status)
{
    if (status == OK)
        status = prepare(transaction);
    if (status == OK)
        status = run_entries(transaction, false);
    if (status == OK) {
        commit(transaction);
        status = run_entries(transaction, true);
    }
    if (status != OK)
        undo(transaction);
    while (!list_empty(&transaction->units))
        unit_drop(list_entry(transaction->units.next, struct unit, link));
    return status;
}
