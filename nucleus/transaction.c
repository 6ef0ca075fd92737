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
#include "nucleus/live_text.h"
#include "nucleus/log.h"
#include "nucleus/string.h"

#define ENTRY_STEPS 1000u /* of a second in all, that an entry point may last */

/* The one transaction that there is at a time. */
static struct {
    uint32_t running; /* atomic; the rest is its own */
    enum cell_reason reason;
    struct list units; /* as they were found, later providers first */
    unsigned count;
    struct why *why;
} current;

enum status transaction_begin(enum cell_reason reason, struct why *why)
{
    if (__atomic_exchange_n(&current.running, 1, __ATOMIC_ACQUIRE))
        return why_set(why, ERR_BUSY, "another load or unload is under way; try again");
    current.reason = reason;
    current.why = why;
    current.count = 0;
    list_init(&current.units);
    return OK;
}

void transaction_end(void)
{
    __atomic_store_n(&current.running, 0, __ATOMIC_RELEASE);
}

static struct unit *unit_at(struct list *node) /* in current.units */
{
    return list_entry(node, struct unit, link);
}

static void enter(struct unit *unit, const char *name, struct unit *needed_by,
                  struct unit *replaces)
{
    OWN(spin_guard) guard = {0};

    list_init(&unit->cell.stubs);
    string_copy(unit->cell.manifest.name, CELL_NAME_ROOM, name);
    unit->cell.boot = replaces ? replaces->cell.boot : current.reason == REASON_BOOT;
    unit->needed_by = needed_by;
    unit->replaces = replaces;
    if (replaces)
        replaces->replaced_by = unit;
    list_push_back(&current.units, &unit->link);
    current.count++;
    spin_lock(&guard, &cell_table.lock);
    /* INV-TABLE-1: where it stays. */
    list_publish(replaces ? replaces->cell.link.next : table_cells(), &unit->cell.link);
    spin_unlock(&guard, &cell_table.lock);
}

enum status transaction_add(const char *name, struct unit *needed_by, struct unit *replaces,
                            const void *object, size_t bytes)
{
    bool given = object;
    char file[CELL_NAME_ROOM + 8];
    struct unit *unit;
    enum status status;

    format(file, sizeof file, "%s.cell", name);
    if (unit_lookup(name) && unit_lookup(name) != replaces)
        return why_set(current.why, ERR_EXISTS, "%s is loaded already", name);
    if (current.count == TRANSACTION_MAX_CELLS)
        return why_set(current.why, ERR_NOMEM, "more than %u cells would be loaded at once",
                       TRANSACTION_MAX_CELLS);
    if (!given && !archive_get(file, 0, &(const char *){0}, &object, &bytes))
        return why_set(current.why, ERR_NOT_FOUND, "there is no %s in the boot archive", file);
    status = unit_make(&unit, object, bytes, given, current.why);
    if (status == OK) {
        enter(unit, name, needed_by, replaces);
        status = unit_enter_symbols(unit);
    }
    if (status != OK)
        why_prefix(current.why, name);
    return status;
}

struct unit *transaction_next_pair(struct unit *after)
{
    struct list *node = after ? after->link.next : current.units.next;

    while (node != &current.units && !unit_at(node)->replaces)
        node = node->next;
    return node == &current.units ? NULL : unit_at(node);
}

/* Whether @p import can be bound to the symbol of its name. One of a cell that is being replaced becomes its
 * successor's. */
static enum status provider_check(struct unit *unit, struct import *import)
{
    struct cell *cell = import->symbol->cell;
    struct unit *successor = cell ? unit_of(&cell->link)->replaced_by : NULL;

    if (successor) {
        import->symbol = cell_export(&successor->cell, import->name);
        cell = &successor->cell;
    }
    return import_check(&unit->cell, import, cell, import->symbol, unit->why);
}

/* Finds the provider of one import, adding a cell of the archive when need be. */
static enum status find_provider(struct unit *unit, struct import *import)
{
    char provider[CELL_NAME_ROOM];
    enum status status = OK;

    import->symbol = symbol_lookup(import->name);
    if (import->symbol)
        return provider_check(unit, import);
    if (!archive_provider(import->name, provider))
        return why_set(unit->why, ERR_LINK, "needs %s(), which no loaded or archived cell provides",
                       import->name);
    if (!unit_lookup(provider))
        status = transaction_add(provider, unit, NULL, NULL, 0);
    import->symbol = symbol_lookup(import->name);
    if (status == OK && !import->symbol)
        status = why_set(unit->why, ERR_LINK,
                         "needs %s(), which %s does not provide, though the archive's index says so",
                         import->name, provider);
    return status == OK ? provider_check(unit, import) : status;
}

static enum status gather(struct unit *unit)
{
    enum status status = OK;

    for (uint32_t i = 0; i < unit->cell.import_count && status == OK; i++)
        status = find_provider(unit, &unit->cell.imports[i]);
    return status;
}

/* The entry point takes its reason in the register in which guarded_call() passes its argument. */
enum status cell_call_entry(uint64_t address, enum cell_reason reason)
{
    if (!address)
        return OK;
    return limited_call((enum status(*)(void *))address, (void *)(uint64_t)reason, ENTRY_STEPS);
}

static enum status run_entry(struct unit *unit, uint64_t address, const char *entry)
{
    enum status status = cell_call_entry(address, unit_inherits(unit) ? REASON_SWAP : current.reason);

    if (status == OK)
        return OK;
    why_set(unit->why, status, "its %s() failed: %s", entry, status_name(status));
    return status == ERR_FAULT ? ERR_FAULT : ERR_INIT;
}

enum status unit_init(struct unit *unit)
{
    return run_entry(unit, unit->cell.manifest.init, "init");
}

enum status unit_start(struct unit *unit)
{
    enum status status = run_entry(unit, unit->cell.manifest.start, "start");

    unit->started = status == OK;
    return status;
}

enum status transaction_each(enum status status, enum status (*step)(struct unit *))
{
    for (struct list *node = current.units.next; status == OK && node != &current.units;
         node = node->next) {
        status = step(unit_at(node));
        for (struct unit *unit = unit_at(node); status != OK && unit; unit = unit->needed_by)
            why_prefix(current.why, unit->cell.manifest.name);
    }
    return status;
}

/* Moves a unit to the end of the list, its providers before it; where they form a cycle, the one that was
 * asked for first comes last. What is not live yet is of this transaction. */
static void put_in_order(struct unit *unit)
{
    unit->ordered = true;
    for (uint32_t i = 0; i < unit->cell.import_count; i++) {
        struct cell *provider = unit->cell.imports[i].symbol->cell;

        if (provider && !provider->live && !unit_of(&provider->link)->ordered)
            put_in_order(unit_of(&provider->link));
    }
    list_remove(&unit->link);
    list_push_back(&current.units, &unit->link);
}

void transaction_bind(void)
{
    list_each(node, &current.units) {
        unit_bind_calls(unit_at(node));
    }
}

void transaction_publish(void)
{
    list_each(node, &current.units) {
        struct cell *cell = &unit_at(node)->cell;

        hooks_bind(cell, true);
        __atomic_store_n(&cell->live, true, __ATOMIC_RELEASE);
    }
}

void unit_retract(struct unit *unit)
{
    struct cell *cell = &unit->cell;

    if (cell->live)
        hooks_bind(cell, false);
    __atomic_store_n(&cell->live, false, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < cell->import_count; i++) {
        if (cell->imports[i].stub)
            stub_release(cell->imports[i].stub);
    }
}

void transaction_undo(void)
{
    for (struct list *node = current.units.previous; node != &current.units;
         node = node->previous) {
        const struct manifest *manifest = &unit_at(node)->cell.manifest;

        if (unit_at(node)->started && cell_call_entry(manifest->stop, REASON_UNLOAD) != OK)
            log_write("load: %s could not be stopped while the load was undone", manifest->name);
    }
    list_each(node, &current.units) {
        kind_destroy_all(&unit_at(node)->cell, true, NULL);
        unit_retract(unit_at(node));
        if (unit_at(node)->replaces)
            unit_at(node)->replaces->replaced_by = NULL;
    }
    while (!list_empty(&current.units))
        unit_drop(unit_at(list_pop_front(&current.units)));
}

enum status transaction_prepare(enum status status)
{
    status = transaction_each(status, gather);
    while (status == OK && !unit_at(current.units.next)->ordered)
        put_in_order(unit_at(current.units.next));
    status = transaction_each(status, unit_place);
    status = transaction_each(status, stubs_match);
    status = transaction_each(status, unit_link);
    harts_fence_i();
    return status;
}

void transaction_return(struct unit *unit, struct unit *replaces)
{
    unit->replaces = replaces;
    replaces->replaced_by = unit;
    list_push_back(&current.units, &unit->link);
}

void transaction_leave(void)
{
    while (!list_empty(&current.units)) {
        struct unit *unit = unit_at(list_pop_front(&current.units));

        unit->replaces->replaced_by = NULL;
        unit->replaces = NULL;
    }
}

void transaction_close(void)
{
    while (!list_empty(&current.units))
        unit_unstage(unit_at(list_pop_front(&current.units)));
    reclaim_try();
    transaction_end();
}

/* Unless @p status, what adding units came to, is an error already: loads them all. On any error undoes
 * everything. Ends the transaction. */
static enum status run(enum status status)
{
    status = transaction_each(transaction_prepare(status), unit_init);
    if (status == OK) {
        transaction_bind();
        harts_fence_i();
        transaction_publish();
    }
    status = transaction_each(status, unit_start);
    if (status != OK)
        transaction_undo();
    transaction_close();
    return status;
}

enum status cell_load_image(const char *name, const void *image, size_t bytes, struct why *why)
{
    enum status status = transaction_begin(REASON_LOAD, why);

    return status == OK ? run(transaction_add(name, NULL, NULL, image, bytes)) : status;
}

enum status cells_stay(enum status (*function)(void *argument), void *argument)
{
    enum status status = transaction_begin(REASON_LOAD, NULL);

    if (status != OK)
        return status;
    status = guarded_call(function, argument);
    transaction_end();
    return status;
}

enum status cells_drain(void)
{
    enum status status = transaction_begin(REASON_UNLOAD, NULL);

    if (status == OK)
        transaction_close();
    return status;
}

enum status cells_boot(unsigned *count, struct why *why)
{
    char key[16] = "boot.00", name[CELL_NAME_ROOM];
    enum status status = transaction_begin(REASON_BOOT, why);

    for (unsigned i = 1; status == OK && archive_provider(key, name); i++) {
        status = transaction_add(name, NULL, NULL, NULL, 0);
        format(key, sizeof key, "boot.%02u", i);
    }
    if (status == OK && current.count == 0)
        status = why_set(why, ERR_NOT_FOUND, "the boot archive names no boot set");
    status = run(status);
    *count = current.count;
    return status;
}
