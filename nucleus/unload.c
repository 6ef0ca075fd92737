/* Unloading a cell: who still needs it, and its end. */
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "nucleus/format.h"
#include "nucleus/string.h"

/* Who still needs a cell: the cells that use it, else a task that runs in it. */
struct search {
    const struct cell *cell;
    uint64_t frame; /* of cell_unload(), where its return address stands */
    char users[160];
    size_t length;
};

static bool note_user(const struct cell *user, void *argument)
{
    struct search *search = argument;

    if (user != search->cell && cell_uses(user, search->cell) &&
        search->length < sizeof search->users)
        search->length += format(search->users + search->length,
                                 sizeof search->users - search->length, "%s%s",
                                 search->length ? ", " : "", user->manifest.name);
    return true;
}

static bool leads_into(const struct cell *cell, uint64_t address)
{
    bool leads = address - (uint64_t)cell->text.base < cell->text.bytes;

    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next)
        leads |= list_entry(node, struct stub, link)->address == address;
    return leads;
}

/* Whether a word is a return address in the cell: a call stands before it, jalr ra or c.jalr. One in a dead
 * slot of the stack looks the same; then the unload is refused without need. */
static bool returns_into(const struct cell *cell, uint64_t word)
{
    uint64_t offset = word - (uint64_t)cell->text.base;
    uint16_t code[2];

    if (word % 2 || offset < 4 || offset > cell->text.bytes)
        return false;
    memcpy(code, (const void *)(word - 4), sizeof code);
    return (code[0] & 0xfff) == 0x0e7 || ((code[1] & 0xf07f) == 0x9002 && code[1] != 0x9002);
}

bool unit_is_entered(const struct unit *unit, const struct task *task,
                     const struct registers *registers)
{
    const struct cell *cell = &unit->cell;
    bool inside = leads_into(cell, registers->pc) || returns_into(cell, registers->x[1]);

    for (uint64_t sp = registers->x[2] & ~7ul; !inside && sp >= task->stack_low && sp < task->stack_high;
         sp += 8)
        inside = returns_into(cell, *(const uint64_t *)sp);
    return inside;
}

/* Notes a task that runs in the cell. Of the running one, which asks, the stack matters from search->frame on. */
static bool note_task(struct task *task, void *argument)
{
    struct search *search = argument;
    const struct cell *cell = search->cell;
    const struct registers *saved = &task->registers;
    bool current = task == task_current();
    uint64_t sp = (current ? search->frame : saved->x[2]) & ~7ul;
    bool runs = leads_into(cell, (uint64_t)task->entry) ||
                leads_into(cell, task->code) ||
                (!current && (leads_into(cell, saved->pc) || returns_into(cell, saved->x[1])));

    if (task_state(task) == TASK_DEAD)
        return true;
    for (; !runs && sp >= task->stack_low && sp < task->stack_high; sp += 8)
        runs = returns_into(cell, *(const uint64_t *)sp);
    if (runs)
        search->length = format(search->users, sizeof search->users, "%s", task->name);
    return !runs;
}

/* Called on each hart, to interrupt its task: that saves the task's registers. */
static void save_registers(void *unused)
{
    (void)unused;
}

static enum status check_unused(const struct cell *cell, uint64_t frame, struct why *why)
{
    struct search search = {.cell = cell, .frame = frame};

    cells_visit(note_user, &search);
    if (search.length)
        return why_set(why, ERR_BUSY, "is used by %s", search.users);
    hart_each(save_registers, NULL);
    task_each(note_task, &search);
    return search.length ? why_set(why, ERR_BUSY, "task %s runs in it", search.users) : OK;
}

static enum status unload(struct unit *unit, uint64_t frame, struct why *why)
{
    struct cell *cell = &unit->cell;
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
    unit_retract(unit);
    unit_drop(unit);
    harts_fence_i();
    return OK;
}

enum status cell_unload(const char *name, struct why *why)
{
    enum status status = transaction_begin(REASON_UNLOAD, why);
    struct unit *unit;

    if (status != OK)
        return status;
    unit = unit_lookup(name);
    status = unit ? unload(unit, (uint64_t)__builtin_frame_address(0) - 8, why)
                  : why_set(why, ERR_NOT_FOUND, "no such cell is loaded");
    transaction_end();
    if (status != OK)
        why_prefix(why, name);
    return status;
}
