/* Replacing a cell while the system runs (abi/nucleus/swap.h).
 *
 *     prepare  load the new cell beside the old one, compute every patch; nothing has changed
 *     init     it prepares itself; others do not see it
 *     hold     all other harts stand still. A task with a frame in the old cell makes us try again, while all
 *              others are held back; after a while we give up
 *     commit   patches, hooks, kinds, saved pcs; nothing here can fail, allocates or takes a lock
 *     start    the system runs; if this fails, the same patches the other way round
 *     reclaim  the old cell is poisoned, and freed when nothing points into it any more (reclaim.c)
 *
 * The swap task (swap_queue.c) does one after another. INV-SWAP-1: after a failure everything is as before. */
#include "arena.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "nucleus/memory_map.h"
#include "patches.h"
#include "report.h"
#include "walk.h"

#define LIMIT_MS 1000u
#define HOLDS_MOST 10u /* that fail, before the machine stops for want of a scheduler */
#define LONGEST_WAIT 6u /* between two tries: 50 us, twice as long after each, so often */

/* The swap under way; the swap task's alone. */
static struct patches current;
static struct {
    uint64_t since;              /* instructions, when the phase began */
    char inside[TASK_NAME_ROOM]; /* who was in the old cell at the last try, and where */
    uint64_t where;              /* 0: nowhere */
} progress;

static uint64_t limit(void) /* in ticks */
{
    return LIMIT_MS * machine_timebase() / 1000;
}

static void phase_over(enum swap_phase phase)
{
    uint64_t now = hart_instructions();

    current.report->instructions[phase] += now - progress.since;
    progress.since = now;
}

static bool in_nucleus(uint64_t pc)
{
    return pc - memory_image().text < memory_image().rodata - memory_image().text;
}

/* Whether a stack has a frame in @p cell, or one that cannot be walked, and where. */
static bool is_inside(const struct cell *cell, const struct registers *registers, uint64_t low,
                      uint64_t high, uint64_t *where)
{
    if (walk_enters(registers, low, high, (uint64_t)cell->text.base, cell->text.bytes, where) !=
        WALK_OUTSIDE)
        return true;
    /* The nucleus, interrupted just before a call by a hook, may have the address in any register. */
    for (unsigned i = 1; i < 32 && registers->status && in_nucleus(registers->pc); i++) {
        *where = registers->x[i];
        if (*where - (uint64_t)cell->text.base < cell->text.bytes)
            return true;
    }
    return false;
}

/* Marks @p task if it is outside of the cell, while the system runs. The count of switches is read before
 * the state: if it was not running then, its registers and stack are those of its last turn, which the count
 * includes. When it gets a hart meanwhile the count grows, and the mark is worth nothing, whatever the walk
 * has seen. That ends, and reads nothing outside of the stack, which stays (task_each_apart()). */
static void look_beforehand(struct task *task, void *cell)
{
    uint64_t switches = __atomic_load_n(&task->switches, __ATOMIC_ACQUIRE);
    enum task_state state = task_state(task);
    uint64_t where;

    current.report->tasks++;
    task->outside = 0;
    if (state != TASK_RUNNING && state != TASK_DEAD &&
        !is_inside(cell, &task->registers, task->stack_low, task->stack_high, &where))
        task->outside = switches + 1;
}

static void look_at_tasks(struct unit *from)
{
    current.report->tasks = 0;
    task_each_apart(look_beforehand, &from->cell);
    phase_over(SWAP_PREPARE);
}

/* A task that runs on a hart which stands still does so there, or where a trap interrupted it. */
const struct registers *swap_context_of(const struct task *task)
{
    const struct hart *hart = &harts[task->hart];
    bool there = hart->current == task && hart != this_hart() &&
                 hart->stopped->x[2] - task->stack_low < task->stack_high - task->stack_low;

    return there ? hart->stopped : &task->registers;
}

/* Whether @p task is in @p cell, and where, all other harts standing still. One that has not run since it was
 * found outside is not walked again. */
static bool task_is_inside(struct task *task, const struct cell *cell, uint64_t *where)
{
    enum task_state state = task_state(task);

    if (task->outside == task->switches + 1 || state == TASK_DEAD || task == task_current() ||
        is_idle(task))
        return false;
    current.report->walked++;
    if (is_inside(cell, swap_context_of(task), task->stack_low, task->stack_high, where))
        return true;
    if (state != TASK_RUNNING)
        task->outside = task->switches + 1;
    return false;
}

/* Who is inside, and where. A task may have ended when that is told. */
static const char *note_inside(const char *name, uint64_t where)
{
    string_copy(progress.inside, sizeof progress.inside, name);
    progress.where = where;
    return progress.inside;
}

/* Whether a handler on @p hart, which stands still, is within @p cell, or one that a trap interrupted. */
static bool handler_is_inside(const struct cell *cell, const struct hart *hart, uint64_t *where)
{
    uint64_t low = (uint64_t)hart->stacks, high = low + TRAP_STACK_BYTES;

    for (unsigned i = 0; i + 1 < hart->depth; i++) {
        if (is_inside(cell, &hart->levels[i].registers, low, high, where))
            return true;
    }
    return hart->stopped->x[2] - low < high - low &&
           is_inside(cell, hart->stopped, low, high, where);
}

/* Whether another hart is within @p cell, a scheduler: its functions run with interrupts off, so no task is that
 * has no hart. */
static bool hart_is_inside(const struct cell *cell)
{
    uint64_t where;

    for (unsigned i = 0; i < hart_count(); i++) {
        const struct task *task = harts[i].current;

        if (&harts[i] != this_hart() &&
            (handler_is_inside(cell, &harts[i], &where) ||
             (!is_idle(task) && is_inside(cell, swap_context_of(task), task->stack_low,
                                          task->stack_high, &where))))
            return true;
    }
    return false;
}

/* Lets the tasks through that must run on before @p cell can go. All other harts stand still. @return the
 * name of one of them, or of a hart that is within a handler; NULL: nobody is in the cell. */
static const char *find_inside(const struct cell *cell)
{
    const char *inside = NULL;
    uint64_t where;

    for (unsigned i = 0; i < hart_count(); i++) {
        if (&harts[i] != this_hart() && handler_is_inside(cell, &harts[i], &where))
            inside = note_inside(harts[i].idle.name, where);
    }
    for (struct task *task = task_next(NULL); task; task = task_next(task)) {
        task->let_through = task == task_current();
        if (task_is_inside(task, cell, &where)) {
            task->let_through = 1;
            inside = note_inside(task->name, where);
        }
    }
    return inside;
}

/* The moment from which on @p to serves in the place of @p from. All other harts stand still. */
static void exchange(struct unit *from, struct unit *to) REQUIRES(irqs_off)
{
    text_write_pairs(current.pairs, current.count, to == current.new);
    for (uint32_t i = 0; i < from->cell.export_count; i++)
        hook_bind(&from->cell.exports[i], false);
    for (uint32_t i = 0; i < to->cell.export_count; i++)
        hook_bind(&to->cell.exports[i], true);
    if (unit_inherits(current.new))
        kinds_hand_over(&from->cell, &to->cell);
    else
        tasks_requeue();
    for (struct task *task = task_next(NULL); task; task = task_next(task))
        current.report->moved += patches_move_back(&current, &task->registers);
}

/* One try to exchange the two while all harts are held. @return what is still in @p from, or NULL: done. */
static const char *try_exchange(struct unit *from, struct unit *to) REQUIRES(irqs_off)
{
    const char *inside = note_inside("a hart", 0);

    progress.since = hart_instructions();
    current.report->tries++;
    if (harts_hold()) {
        inside = find_inside(&from->cell);
        if (inside)
            tasks_hold(true);
        else
            exchange(from, to);
        harts_release();
    }
    phase_over(SWAP_HOLD);
    return inside;
}

/* Lets those run who are in the old cell, the longer the more tries there were. The time counts from when all
 * harts have left the hold, so it is theirs: a hart that is slow to go on, as a simulated one on a busy
 * machine, would be stopped again before it has done an instruction of its task. @return how long, in ticks. */
static uint64_t wait_between_tries(unsigned tries, void (*pass)(void))
{
    uint64_t wait = (machine_timebase() / 20000) << (tries < LONGEST_WAIT ? tries : LONGEST_WAIT);
    uint64_t start = hart_ticks();

    do {
        pass();
        if (!harts_have_left())
            start = hart_ticks();
    } while (hart_ticks() - start < wait);
    return hart_ticks() - start;
}

void scheduler_retire(uint64_t function)
{
    struct cell *cell = cell_of_caller(function);
    uint64_t waited = 0;
    bool inside = true;

    if (!cell)
        machine_fail("the nucleus' own scheduler faulted");
    for (unsigned tries = 1; inside && waited < limit(); tries++) {
        if (!harts_hold()) {
            waited += limit() / HOLDS_MOST; /* a host that is busy elsewhere may stop all for so long */
            continue;
        }
        inside = hart_is_inside(cell);
        if (!inside && cell->live && !unit_of(&cell->link)->failed) {
            unit_of(&cell->link)->failed = true;
            scheduler_use_plain();
        }
        harts_release();
        if (inside)
            waited += wait_between_tries(tries, hart_poll);
    }
    if (inside)
        machine_fail("the scheduler faulted, and not all harts come out of it");
}

/* Exchanges the two as soon as nobody is in the old one. Who is in it runs on, all others are held back. */
static REQUIRES(may_park) enum status
    hold_and_exchange(struct unit *from, struct unit *to, struct why *why)
{
    uint64_t waited = 0;
    const char *inside;
    char place[100];
    bool more;

    do {
        OWN(irq_guard) guard = {0};

        irq_disable(&guard);
        inside = try_exchange(from, to);
        more = inside && waited < limit();
        if (!more)
            tasks_hold(false);
        irq_restore(&guard);
        if (more)
            waited += wait_between_tries(current.report->tries, task_yield);
    } while (more);
    if (!inside)
        return OK;
    if (progress.where)
        hooks.code_describe(progress.where, place, sizeof place);
    else
        string_copy(place, sizeof place, "it does not stop");
    return why_set(why, ERR_BUSY, "%s did not leave it within %u ms: %s", inside, LIMIT_MS, place);
}

/* What readers of the tables see, after the exchange. */
static void enter_tables(struct unit *from, struct unit *to)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &cell_table.lock);
    for (uint32_t i = 0; i < from->cell.export_count; i++)
        symbol_remove(&from->cell.exports[i]);
    for (uint32_t i = 0; i < to->cell.export_count; i++) {
        if (symbol_lookup(to->cell.exports[i].name) != &to->cell.exports[i] &&
            symbol_insert(&to->cell.exports[i]) != OK)
            panic("%s is exported twice", to->cell.exports[i].name);
    }
    list_each(node, table_cells()) {
        struct cell *user = &unit_of(node)->cell;

        for (uint32_t i = 0; i < user->import_count; i++) {
            if (user->imports[i].symbol && user->imports[i].symbol->cell == &from->cell)
                user->imports[i].symbol = cell_export(&to->cell, user->imports[i].name);
        }
    }
    for (struct list *node = from->cell.stubs.next, *next; node != &from->cell.stubs; node = next) {
        struct stub *stub = list_entry(node, struct stub, link);
        uint64_t function = stub->function;

        next = node->next;
        if (!stub->successor) /* the new one made it; now it goes again */
            continue;
        stub->function = stub->successor;
        stub->successor = function;
        list_remove(node);
        list_push_back(&to->cell.stubs, node);
    }
    from->cell.live = false;
    to->cell.live = true;
    spin_unlock(&guard, &cell_table.lock);
}

/* Goes back to the old cell. On failure the new one serves on, though it could not start. */
static REQUIRES(may_park) enum status go_back(void)
{
    struct cell *old = &current.old->cell;
    struct why why = {0};
    enum status status = OK;

    if (!unit_inherits(current.new)) { /* what is in its queues was ready at another time */
        memset(old->state.base, 0, old->state.bytes);
        status = cell_call_entry(old->manifest.init, REASON_LOAD);
        current.old->failed = false;
    }
    look_at_tasks(current.new);
    if (status == OK)
        status = hold_and_exchange(current.new, current.old, &why);
    if (status == OK)
        enter_tables(current.new, current.old);
    else
        why_set(&current.report->why, status, "its start() failed, and it serves nevertheless: %s",
                why.text[0] ? why.text : "the old one cannot begin again");
    return status;
}

static enum status prepare(const void *image, size_t bytes)
{
    struct swap_report *report = current.report;
    enum status status;

    current.old = unit_lookup(report->old);
    if (!current.old || !current.old->cell.live)
        return why_set(&report->why, ERR_NOT_FOUND, "no cell %s is loaded", report->old);
    string_copy(report->old_version, sizeof report->old_version,
                current.old->cell.manifest.version);
    status = transaction_add(report->new, NULL, current.old, image, bytes);
    if (status == OK)
        current.new = list_entry(unit_last(), struct unit, link);
    if (status == OK && !unit_inherits(current.new) &&
        strcmp(current.old->cell.manifest.provides, "sched") != 0)
        status = why_set(&report->why, ERR_UNSUPPORTED,
                         "only versions of one cell, and schedulers, can replace each other");
    status = transaction_prepare(status);
    if (status == OK)
        status = stubs_match(current.new); /* again: cells that come with it may have made some */
    if (status != OK)
        return status;
    string_copy(report->new_version, sizeof report->new_version,
                current.new->cell.manifest.version);
    return patches_make(&current);
}

/* The new cell serves, and does so for good unless its start() fails. */
static REQUIRES(may_park) enum status settle(void)
{
    bool inherits = unit_inherits(current.new);
    enum status status = transaction_each(OK, unit_start);

    phase_over(SWAP_START);
    current.report->done = status == OK || go_back() != OK;
    if (current.report->done) {
        current.new->replaces = NULL;
        reclaim_add(current.old, inherits);
    } else {
        list_remove(&current.new->link);
        reclaim_add(current.new, inherits);
    }
    return status;
}

enum status swap_run(struct swap_report *report, const void *image, size_t bytes)
{
    enum status status;

    while ((status = transaction_begin(REASON_LOAD, &report->why)) == ERR_BUSY)
        task_yield();
    (void)hooks.fault_unplant();
    (void)harts_longest_hold();
    current = (struct patches){.report = report};
    progress.since = hart_instructions();
    status = prepare(image, bytes);
    phase_over(SWAP_PREPARE);
    status = transaction_each(status, unit_init);
    phase_over(SWAP_INIT);
    if (status == OK)
        look_at_tasks(current.old);
    if (status == OK && !report->dry_run) {
        transaction_bind(); /* its fence.i is that of the hold */
        status = hold_and_exchange(current.old, current.new, &report->why);
        if (status == OK) {
            enter_tables(current.old, current.new);
            transaction_publish();
            phase_over(SWAP_COMMIT);
            status = settle();
            phase_over(SWAP_START);
        }
    }
    if (!report->done)
        transaction_undo();
    heap_free(buffer_kind, current.pairs);
    reclaim_try();
    phase_over(SWAP_RECLAIM);
    report->pause = harts_longest_hold();
    transaction_close();
    return status;
}
