/* Unloading a cell: who still needs it, and its end. */
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "nucleus/format.h"
#include "walk.h"

/* Who still needs a cell: the cells that use it, else a task that runs in it. */
struct search {
    const struct cell *cell;
    char users[200];
    size_t length;
    /* While harts are stopped: where each is, and, last, where the asking task is. NULL: not known yet. */
    const struct registers *contexts[MAX_HARTS + 1];
    uint32_t stopped, done; /* atomic: how many came to stop_and_note(); all has been looked at */
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

/* Looks for the cell on a stack, that of @p owner. */
static void note_stack(struct search *search, const char *what, const char *owner,
                       const struct registers *saved, uint64_t stack_low, uint64_t stack_high)
{
    const struct cell_block *text = &search->cell->text;
    uint64_t where;
    enum walk_answer answer =
        walk_enters(saved, stack_low, stack_high, (uint64_t)text->base, text->bytes, &where);

    if (answer == WALK_INSIDE)
        search->length =
            format(search->users, sizeof search->users, "%s %s runs in it", what, owner);
    else if (answer == WALK_UNKNOWN)
        search->length = format(search->users, sizeof search->users,
                                "%s %s may run in it: its stack cannot be walked beyond 0x%lx", what,
                                owner, where);
}

/* The registers of whoever is on that stack right now, or @p saved when nobody is. */
static const struct registers *context_on(const struct search *search, uint64_t stack_low,
                                          uint64_t stack_high, const struct registers *saved)
{
    for (unsigned i = 0; i <= MAX_HARTS; i++) {
        const struct registers *context = search->contexts[i];

        if (context && context->x[2] - stack_low < stack_high - stack_low)
            saved = context;
    }
    return saved;
}

/* A task whose stack is left has its registers in its head: a trap or a switch saved them. */
static bool note_task(struct task *task, void *argument)
{
    struct search *search = argument;
    const struct registers *saved =
        context_on(search, task->stack_low, task->stack_high, &task->registers);

    if (task_state(task) == TASK_DEAD)
        return true;
    if (leads_into(search->cell, (uint64_t)task->entry) ||
        leads_into(search->cell, (uint64_t)task->argument))
        search->length =
            format(search->users, sizeof search->users, "task %s runs in it", task->name);
    else
        note_stack(search, "task", task->name, saved, task->stack_low, task->stack_high);
    return search->length == 0;
}

/* Handlers, which are on stacks of the harts; and all tasks. */
static void note_all(struct search *search)
{
    for (unsigned i = 0; i < hart_count() && search->length == 0; i++) {
        uint64_t low = (uint64_t)harts[i].stacks, high = low + TRAP_STACK_BYTES;
        const struct registers *handler = context_on(search, low, high, NULL);

        if (handler)
            note_stack(search, "an interrupt of", harts[i].idle.name, handler, low, high);
    }
    if (search->length == 0)
        task_each_stopped(note_task, search);
}

/*
 * On each hart, interrupts off; also amid a handler or a wait for a lock, so that what the head of its task
 * holds may be old: each notes where it is. hart_each() comes to the asking hart only when all others have
 * returned. So the last of the others looks while they wait, and the asking hart waits in hart_each().
 */
static void stop_and_note(void *argument)
{
    struct search *search = argument;
    struct registers here;

    if (__atomic_load_n(&search->done, __ATOMIC_ACQUIRE))
        return;
    registers_capture(&here);
    search->contexts[hart_index()] = &here;
    if (__atomic_add_fetch(&search->stopped, 1, __ATOMIC_ACQ_REL) + 1 < hart_count()) {
        while (!__atomic_load_n(&search->done, __ATOMIC_ACQUIRE))
            __asm__ volatile("wfi"); /* until the kick, which stays pending if it comes before */
        return;
    }
    note_all(search);
    __atomic_store_n(&search->done, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < hart_count(); i++) {
        if (search->contexts[i] && i != hart_index())
            hart_kick(i);
    }
}

static enum status check_unused(const struct cell *cell, struct why *why)
{
    struct search search = {.cell = cell};
    struct registers here;

    cells_visit(note_user, &search);
    if (search.length)
        return why_set(why, ERR_BUSY, "is used by %s", search.users);
    registers_capture(&here);
    search.contexts[MAX_HARTS] = &here;
    hart_each(stop_and_note, &search);
    return search.length ? why_set(why, ERR_BUSY, "%s", search.users) : OK;
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
    unit = unit_lookup(name);
    status = unit ? unload(unit, why)
                  : why_set(why, ERR_NOT_FOUND, "no such cell is loaded");
    reclaim_try();
    transaction_end();
    if (status != OK)
        why_prefix(why, name);
    return status;
}
