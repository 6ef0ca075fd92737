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
#include "archive.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
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

static struct unit *unit_at(struct list *node) /* in transaction.units */
{
    return list_entry(node, struct unit, link);
}

static struct unit *unit_make(struct transaction *transaction, const char *name,
                              struct unit *needed_by)
{
    OWN(spin_guard) guard = {0};
    struct unit *unit = heap_alloc(unit_kind);

    if (!unit)
        return NULL;
    memset(unit, 0, sizeof *unit);
    list_init(&unit->cell.stubs);
    string_copy(unit->cell.manifest.name, CELL_NAME_ROOM, name);
    unit->cell.boot = transaction->reason == REASON_BOOT;
    unit->needed_by = needed_by;
    list_push_back(&transaction->units, &unit->link);
    transaction->count++;
    spin_lock(&guard, &cell_table.lock);
    list_push_back(table_cells(), &unit->cell.link);
    spin_unlock(&guard, &cell_table.lock);
    return unit;
}

enum status transaction_add(struct transaction *transaction, const char *name,
                            struct unit *needed_by, const void *object, size_t bytes)
{
    struct why *why = transaction->why;
    bool given = object;
    char file[CELL_NAME_ROOM + 8];
    struct unit *unit;
    enum status status;

    format(file, sizeof file, "%s.cell", name);
    if (unit_lookup(name))
        return why_set(why, ERR_EXISTS, "%s is loaded already", name);
    if (transaction->count == TRANSACTION_MAX_CELLS)
        return why_set(why, ERR_NOMEM, "more than %u cells would be loaded at once",
                       TRANSACTION_MAX_CELLS);
    if (!given && !archive_file(file, &object, &bytes))
        return why_set(why, ERR_NOT_FOUND, "there is no %s in the boot archive", file);
    unit = unit_make(transaction, name, needed_by);
    status = unit ? unit_open(unit, object, bytes, given, why)
                  : why_set(why, ERR_NOMEM, "no memory for it");
    if (status != OK)
        why_prefix(why, name);
    return status;
}

/* Finds the provider of one import, adding a cell of the archive when need be. */
static enum status find_provider(struct transaction *transaction, struct unit *unit,
                                 struct import *import)
{
    struct why *why = transaction->why;
    char provider[CELL_NAME_ROOM];
    enum status status;

    import->symbol = symbol_lookup(import->name);
    if (import->symbol)
        return OK;
    if (!archive_symbol_provider(import->name, provider))
        return why_set(why, ERR_LINK, "needs %s(), which no loaded or archived cell provides",
                       import->name);
    status =
        unit_lookup(provider) ? OK : transaction_add(transaction, provider, unit, NULL, 0);
    if (status != OK)
        return status;
    import->symbol = symbol_lookup(import->name);
    if (import->symbol)
        return OK;
    return why_set(why, ERR_LINK,
                   "needs %s(), which %s does not provide, though the archive's index says so",
                   import->name, provider);
}

static enum status gather(struct transaction *transaction, struct unit *unit)
{
    enum status status = OK;

    for (uint32_t i = 0; i < unit->cell.import_count && status == OK; i++)
        status = find_provider(transaction, unit, &unit->cell.imports[i]);
    return status;
}

static enum status place(struct transaction *transaction, struct unit *unit)
{
    return unit_place(unit, transaction->why);
}

static enum status link(struct transaction *transaction, struct unit *unit)
{
    return unit_link(unit, transaction->why);
}

/* The entry point takes its reason in the register in which guarded_call() passes its argument. */
enum status cell_call_entry(uint64_t address, enum cell_reason reason)
{
    return address ? guarded_call((enum status(*)(void *))address, (void *)(uint64_t)reason) : OK;
}

static enum status run_entry(struct transaction *transaction, uint64_t address, const char *entry)
{
    enum status status = cell_call_entry(address, transaction->reason);

    if (status == OK)
        return OK;
    why_set(transaction->why, status, "its %s() failed: %s", entry, status_name(status));
    return status == ERR_FAULT ? ERR_FAULT : ERR_INIT;
}

static enum status init(struct transaction *transaction, struct unit *unit)
{
    return run_entry(transaction, unit->cell.manifest.init, "init");
}

static enum status start(struct transaction *transaction, struct unit *unit)
{
    enum status status = run_entry(transaction, unit->cell.manifest.start, "start");

    unit->started = status == OK;
    return status;
}

/* Unless @p status is an error already: does @p step for each unit, those that it adds included. An
 * explanation begins with the chain of those that asked for the unit. */
static enum status each_unit(struct transaction *transaction, enum status status,
                             enum status (*step)(struct transaction *, struct unit *))
{
    for (struct list *node = transaction->units.next;
         status == OK && node != &transaction->units; node = node->next) {
        status = step(transaction, unit_at(node));
        for (struct unit *unit = unit_at(node); status != OK && unit; unit = unit->needed_by)
            why_prefix(transaction->why, unit->cell.manifest.name);
    }
    return status;
}

/* Moves a unit to the end of the list, its providers before it; where they form a cycle, the one that was
 * asked for first comes last. What is not live yet is of this transaction. */
static void put_in_order(struct transaction *transaction, struct unit *unit)
{
    unit->ordered = true;
    for (uint32_t i = 0; i < unit->cell.import_count; i++) {
        struct cell *provider = unit->cell.imports[i].symbol->cell;

        if (provider && !provider->live && !unit_of(&provider->link)->ordered)
            put_in_order(transaction, unit_of(&provider->link));
    }
    list_remove(&unit->link);
    list_push_back(&transaction->units, &unit->link);
}

static void commit(struct transaction *transaction)
{
    list_each(node, &transaction->units)
    {
        unit_bind_calls(unit_at(node));
    }
    harts_fence_i();
    list_each(node, &transaction->units)
    {
        struct cell *cell = &unit_at(node)->cell;

        for (uint32_t i = 0; i < cell->export_count; i++)
            hook_bind(&cell->exports[i], true);
        __atomic_store_n(&cell->live, true, __ATOMIC_RELEASE);
    }
}

void unit_retract(struct unit *unit)
{
    __atomic_store_n(&unit->cell.live, false, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < unit->cell.export_count; i++)
        hook_bind(&unit->cell.exports[i], false);
}

static void undo(struct transaction *transaction)
{
    for (struct list *node = transaction->units.previous; node != &transaction->units;
         node = node->previous) {
        const struct manifest *manifest = &unit_at(node)->cell.manifest;

        if (unit_at(node)->started && cell_call_entry(manifest->stop, REASON_UNLOAD) != OK)
            log_write("load: %s could not be stopped while the load was undone", manifest->name);
    }
    list_each(node, &transaction->units)
    {
        struct unit *unit = unit_at(node);

        if (unit->cell.live)
            unit_retract(unit);
        kind_abandon_all(&unit->cell);
        unit_release_imports(unit);
    }
    while (!list_empty(&transaction->units))
        unit_drop(unit_at(list_pop_front(&transaction->units)));
}

enum status transaction_run(struct transaction *transaction, enum status status)
{
    status = each_unit(transaction, status, gather);
    while (status == OK && !unit_at(transaction->units.next)->ordered)
        put_in_order(transaction, unit_at(transaction->units.next));
    status = each_unit(transaction, status, place);
    status = each_unit(transaction, status, link);
    harts_fence_i();
    status = each_unit(transaction, status, init);
    if (status == OK)
        commit(transaction);
    status = each_unit(transaction, status, start);
    if (status != OK)
        undo(transaction);
    while (!list_empty(&transaction->units)) {
        struct unit *unit = unit_at(list_pop_front(&transaction->units));

        heap_free(buffer_kind, unit->staging);
        unit->staging = NULL;
    }
    return status;
}
