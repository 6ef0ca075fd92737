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

enum status cells_boot(unsigned *count, struct why *why)
{
    struct transaction transaction;
    char name[CELL_NAME_ROOM];
    enum status status = transaction_begin(&transaction, REASON_BOOT, why);

    for (unsigned i = 0; status == OK && archive_boot_set(i, name); i++)
        status = transaction_add(&transaction, name, NULL, NULL, 0);
    if (status == OK && transaction.count == 0)
        status = why_set(why, ERR_NOT_FOUND, "the boot archive names no boot set");
    status = transaction_run(&transaction, status);
    *count = transaction.count;
    transaction_end();
    return status;
}

/* Who still needs a cell: the cells that use it, else a task that runs in it. */
struct user_search {
    const struct cell *cell;
    uint64_t frame; /* of cell_unload(), where its return address stands */
    char users[160];
    size_t length;
};

static bool note_user(const struct cell *user, void *argument)
{
    struct user_search *search = argument;

    if (user != search->cell && cell_uses(user, search->cell) &&
        search->length < sizeof search->users)
        search->length += format(search->users + search->length,
                                 sizeof search->users - search->length, "%s%s",
                                 search->length ? ", " : "", user->manifest.name);
    return true;
}

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

/* Whether a word is a return address in the cell: a call stands before it, jalr ra or c.jalr. One in a dead
 * slot of the stack looks the same; then the unload is refused without need. */
static bool returns_into(const struct cell *cell, uint64_t word)
{
    uint64_t offset = word - (uint64_t)cell->text;
    uint16_t code[2];

    if (word % 2 || offset < 4 || offset > cell->text_bytes)
        return false;
    memcpy(code, (const void *)(word - 4), sizeof code);
    return (code[0] & 0xfff) == 0x0e7 || ((code[1] & 0xf07f) == 0x9002 && code[1] != 0x9002);
}

/* @p frame: where the stack of the running task, which asks, begins to matter. */
static bool runs_in(const struct task *task, const struct cell *cell, uint64_t frame)
{
    const struct registers *saved = &task->registers;
    bool current = task == task_current();
    uint64_t sp = (current ? frame : saved->x[2]) & ~7ul;

    if (leads_into(cell, (uint64_t)task->entry) || leads_into(cell, (uint64_t)task->argument) ||
        (!current && (leads_into(cell, saved->pc) || returns_into(cell, saved->x[1]))))
        return true;
    for (; sp >= task->stack_low && sp < task->stack_high; sp += 8) {
        if (returns_into(cell, *(const uint64_t *)sp))
            return true;
    }
    return false;
}

static bool note_task(struct task *task, void *argument)
{
    struct user_search *search = argument;

    if (task_state(task) == TASK_DEAD || !runs_in(task, search->cell, search->frame))
        return true;
    search->length = format(search->users, sizeof search->users, "%s", task->name);
    return false;
}

/* Called on each hart, to interrupt its task: that saves the task's registers. */
static void save_registers(void *unused)
{
    (void)unused;
}

static enum status check_unused(const struct cell *cell, uint64_t frame, struct why *why)
{
    struct user_search search = {.cell = cell, .frame = frame};

    cells_visit(note_user, &search);
    if (search.length)
        return why_set(why, ERR_BUSY, "is used by %s", search.users);
    hart_each(save_registers, NULL);
    task_each(note_task, &search);
    if (search.length)
        return why_set(why, ERR_BUSY, "task %s runs in it", search.users);
    return OK;
}

static enum status unload(struct cell *cell, uint64_t frame, struct why *why)
{
    enum status status = check_unused(cell, frame, why);

    if (status != OK)
        return status;
    status = cell_call_entry(cell->manifest.stop, REASON_UNLOAD);
    if (status != OK)
        return why_set(why, status, "its stop() refused: %s", status_name(status));
    status = check_unused(cell, frame, why);
    if (status == OK)
        status = kind_destroy_all(cell, false, why);
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

enum status cell_unload(const char *name, struct why *why)
{
    struct transaction transaction;
    struct cell *cell;
    enum status status = transaction_begin(&transaction, REASON_UNLOAD, why);

    if (status != OK)
        return status;
    cell = cell_lookup(name);
    if (!cell)
        status = why_set(why, ERR_NOT_FOUND, "no such cell is loaded");
    else
        status = unload(cell, (uint64_t)__builtin_frame_address(0) - 8, why);
    transaction_end();
    if (status != OK)
        why_prefix(why, name);
    return status;
}
