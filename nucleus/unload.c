/* Unloading a cell: who still needs it, and its end. */
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "inside.h"
#include "walk.h"

/* Whether others use @p cell; all of them are said in @p why. */
static bool is_used(const struct cell *cell, struct why *why)
{
    bool used = false;

    for (struct unit *user = unit_next(NULL); user; user = unit_next(user)) {
        if (&user->cell == cell || !cell_uses(&user->cell, cell))
            continue;
        why_set(why, ERR_BUSY, "%s%s%s", used ? why->text : "is used by ", used ? ", " : "",
                user->cell.manifest.name);
        used = true;
    }
    return used;
}

static bool leads_into(const struct cell *cell, uint64_t address)
{
    bool leads = address - (uint64_t)cell->text.base < cell->text.bytes;

    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next)
        leads |= list_entry(node, struct stub, link)->address == address;
    return leads;
}

/* Whether @p task is about to run in @p cell: it is new, or ended and may be started again. */
static bool begins_in(const struct cell *cell, const struct task *task)
{
    return !is_idle(task) && (leads_into(cell, (uint64_t)task->entry) ||
                              leads_into(cell, (uint64_t)task->argument) ||
                              (task_state(task) == TASK_DEAD && leads_into(cell, task->code)));
}

/* Whether a task runs in @p cell, which @p inside names; all other harts stand still. @p here: of the asking task. */
static bool find_runner(const struct cell *cell, const struct registers *here, struct inside *inside)
{
    const struct task *self = task_current();

    if (inside_find())
        return true;
    for (const struct task *task = task_next(NULL); task; task = task_next(task)) {
        if (begins_in(cell, task) ||
            (task == self && is_inside(cell, here, self->stack_low, self->stack_high, &inside->where)))
            return string_copy(inside->name, sizeof inside->name, task->name);
    }
    return false;
}

static enum status check_unused(const struct cell *cell, struct why *why)
{
    struct inside inside;
    struct registers here;
    OWN(irq_guard) guard = {0};
    bool held;

    if (is_used(cell, why))
        return ERR_BUSY;
    inside_begin(&inside, &cell, 1);
    inside_look_beforehand();
    registers_capture(&here);
    irq_disable(&guard);
    held = harts_hold();
    if (held) {
        if (!find_runner(cell, &here, &inside))
            inside.name[0] = '\0';
        harts_release();
    }
    irq_restore(&guard);
    if (!held)
        return why_set(why, ERR_BUSY, "a hart did not stop within a second");
    return inside.name[0] ? why_set(why, ERR_BUSY, "task %s runs in it", inside.name) : OK;
}

static enum status unload(struct unit *unit, struct why *why)
{
    struct cell *cell = &unit->cell;
    enum status status = check_unused(cell, why);

    if (status != OK)
        return status;
    status = cell_call_entry(cell->manifest.stop, REASON_UNLOAD);
    if (status != OK)
        return why_set(why, status, "its stop() refused: %s", status_name(status));
    status = check_unused(cell, why);
    if (status == OK)
        status = kind_destroy_all(cell, false, why);
    if (status != OK) {
        /* stop() has been: the cell stays, and works again. */
        if (cell_call_entry(cell->manifest.start, REASON_LOAD) != OK)
            why_prefix(why, "it could not be started again");
        return status;
    }
    if (unit->before)
        probation_end(unit);
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
    (void)hooks.fault_unplant();
    unit = unit_lookup(name);
    status = unit ? unload(unit, why)
                  : why_set(why, ERR_NOT_FOUND, "no such cell is loaded");
    transaction_close();
    if (status != OK)
        why_prefix(why, name);
    return status;
}
