/* Load and unload as the shell asks for them, and the boot set. */
#include "archive.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "nucleus/format.h"
#include "nucleus/string.h"

enum status cell_load(const char *name, struct why *why)
{
    return cell_load_image(name, NULL, 0, why);
}

enum status cell_load_image(const char *name, const void *image, size_t bytes, struct why *why)
{
    struct transaction transaction;
    enum status status = transaction_begin(&transaction, REASON_LOAD, why);

    if (status != OK)
        return status;
    status = transaction_add(&transaction, name, NULL, image, bytes);
    status = transaction_run(&transaction, status);
    transaction_end();
    return status;
}

enum status cells_boot(struct why *why)
{
    struct transaction transaction;
    char name[CELL_NAME_ROOM];
    enum status status = transaction_begin(&transaction, REASON_BOOT, why);

    for (unsigned i = 0; status == OK && archive_boot_set(i, name); i++)
        status = transaction_add(&transaction, name, NULL, NULL, 0);
    if (status == OK && transaction.count == 0)
        status = why_set(why, ERR_NOT_FOUND, "the boot archive names no boot set");
    status = transaction_run(&transaction, status);
    transaction_end();
    return status;
}

/* A task whose entry lies in the cell. */
struct task_search {
    const struct cell *cell;
    char name[TASK_NAME_ROOM];
    bool found;
};

static bool leads_into(const struct cell *cell, uint64_t address)
{
    if (address - (uint64_t)cell->text < cell->text_bytes)
        return true;
    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next) {
        if (list_entry(node, struct stub, link)->address == address)
            return true;
    }
    return false;
}

static bool note_task(struct task *task, void *argument)
{
    struct task_search *search = argument;

    if (task->state == TASK_DEAD || !task->entry)
        return true;
    search->found = leads_into(search->cell, (uint64_t)task->entry) ||
                    leads_into(search->cell, (uint64_t)task->argument);
    if (search->found)
        string_copy(search->name, sizeof search->name, task->name);
    return !search->found;
}

/* Names everybody who still needs @p cell. @return OK: nobody does. */
static enum status check_unused(const struct cell *cell, struct why *why)
{
    OWN(spin_guard) guard = {0};
    struct task_search search = {.cell = cell};
    char users[160] = "", name[CELL_NAME_ROOM];
    size_t used = 0;

    spin_lock(&guard, &cell_table.lock);
    for (unsigned i = 0; used < sizeof users && cell_used_by(cell, i, name); i++)
        used += format(users + used, sizeof users - used, "%s%s", i ? ", " : "", name);
    spin_unlock(&guard, &cell_table.lock);
    if (used)
        return why_set(why, ERR_BUSY, "is used by %s", users);
    task_each(note_task, &search);
    if (search.found)
        return why_set(why, ERR_BUSY, "task %s runs in it", search.name);
    return OK;
}

static enum status unload(struct cell *cell, struct why *why)
{
    enum status status = check_unused(cell, why);

    if (status != OK)
        return status;
    status = cell_call_entry(cell->manifest.stop, REASON_UNLOAD);
    if (status != OK)
        return why_set(why, status, "its stop() refused: %s", status_name(status));
    status = check_unused(cell, why);
    if (status == OK)
        status = kind_destroy_all(cell, why);
    if (status != OK) {
        /* stop() has been: the cell stays, and works again. */
        if (cell_call_entry(cell->manifest.start, REASON_LOAD) != OK)
            why_prefix(why, "it could not be started again");
        return status;
    }
    cell_retract(cell);
    cell_release_imports(cell);
    cell_drop(cell);
    harts_fence_i();
    return OK;
}

static struct cell *find_live(const char *name)
{
    OWN(spin_guard) guard = {0};
    struct cell *cell;

    spin_lock(&guard, &cell_table.lock);
    cell = cell_lookup(name);
    spin_unlock(&guard, &cell_table.lock);
    return cell && cell->live ? cell : NULL;
}

enum status cell_unload(const char *name, struct why *why)
{
    struct transaction transaction;
    struct cell *cell;
    enum status status = transaction_begin(&transaction, REASON_UNLOAD, why);

    if (status != OK)
        return status;
    cell = find_live(name);
    if (!cell)
        status = why_set(why, ERR_NOT_FOUND, "no such cell is loaded");
    else
        status = unload(cell, why);
    transaction_end();
    if (status != OK)
        why_prefix(why, name);
    return status;
}
