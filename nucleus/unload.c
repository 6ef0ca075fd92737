/* Unloading a cell: who still needs it, and its end. */
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "walk.h"

/* Who still needs a cell: the cells that use it, else a task that runs in it. */
struct search {
    const struct cell *cell;
    struct why found;             /* empty: nobody */
    const struct registers *here; /* of the asking task */
};

static bool note_user(const struct cell *user, void *argument)
{
    struct search *search = argument;
    const char *before = search->found.text;

    if (user != search->cell && cell_uses(user, search->cell))
        why_set(&search->found, ERR_BUSY, "%s%s%s", *before ? before : "is used by ",
                *before ? ", " : "", user->manifest.name);
    return true;
}

static bool leads_into(const struct cell *cell, uint64_t address)
{
    bool leads = address - (uint64_t)cell->text.base < cell->text.bytes;

    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next)
        leads |= list_entry(node, struct stub, link)->address == address;
    return leads;
}

/* Looks for the cell on a stack, that of @p owner. */
static void note_stack(struct search *search, const char *what, const char *owner,
                       const struct registers *saved, uint64_t stack_low, uint64_t stack_high)
{
    const struct cell_block *text = &search->cell->text;
    uint64_t where;
    enum walk_answer answer =
        walk_enters(saved, stack_low, stack_high, (uint64_t)text->base, text->bytes, &where);

    if (answer == WALK_INSIDE)
        why_set(&search->found, ERR_BUSY, "%s %s runs in it", what, owner);
    else if (answer == WALK_UNKNOWN)
        why_set(&search->found, ERR_BUSY,
                "%s %s may run in it: its stack cannot be walked beyond 0x%lx", what, owner, where);
}

static void note_task(struct search *search, const struct task *task)
{
    const struct registers *context =
        task == task_current() ? search->here : swap_context_of(task);
    bool dead = task_state(task) == TASK_DEAD; /* it may be about to be started again */

    if (is_idle(task))
        return;
    if (leads_into(search->cell, (uint64_t)task->entry) ||
        leads_into(search->cell, (uint64_t)task->argument) ||
        (dead && leads_into(search->cell, task->code)))
        why_set(&search->found, ERR_BUSY, "task %s runs in it", task->name);
    else if (!dead)
        note_stack(search, "task", task->name, context, task->stack_low, task->stack_high);
}

/* Handlers, which are on stacks of the harts; and all tasks. All other harts stand still. */
static void note_all(struct search *search)
{
    for (unsigned i = 0; i < hart_count() && !search->found.text[0]; i++) {
        uint64_t low = (uint64_t)harts[i].stacks, high = low + TRAP_STACK_BYTES;

        if (&harts[i] != this_hart() && harts[i].stopped->x[2] - low < high - low)
            note_stack(search, "an interrupt of", harts[i].idle.name, harts[i].stopped, low, high);
    }
    for (struct task *task = task_next(NULL); task && !search->found.text[0]; task = task_next(task))
        note_task(search, task);
}

static enum status check_unused(const struct cell *cell, struct why *why)
{
    struct registers here;
    struct search search;
    OWN(irq_guard) guard = {0};

    search.cell = cell;
    search.here = &here;
    search.found.text[0] = '\0';
    cells_visit(note_user, &search);
    if (search.found.text[0])
        return why_set(why, ERR_BUSY, "%s", search.found.text);
    registers_capture(&here);
    irq_disable(&guard);
    if (harts_hold()) {
        note_all(&search);
        harts_release();
    } else {
        why_set(&search.found, ERR_BUSY, "a hart did not stop within a second");
    }
    irq_restore(&guard);
    return search.found.text[0] ? why_set(why, ERR_BUSY, "%s", search.found.text) : OK;
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
