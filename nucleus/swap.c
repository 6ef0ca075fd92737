/* Replacing a cell while the system runs (abi/nucleus/swap.h).
 *
 *     prepare  load the new cell beside the old one, compute every patch; nothing has changed
 *     init     it prepares itself; others do not see it
 *     hold     all other harts stand still. A task with a frame in the old cell makes us try again, while all
 *              others are held back; at the deadline we give up
 *     commit   patches, hooks, kinds, saved pcs; nothing here can fail, allocates or takes a lock
 *     start    the system runs; if this fails, the same patches the other way round
 *
 * The swap task (swap_queue.c) does one after another. INV-SWAP-1: after a failure everything is as before. */
#include "arena.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "nucleus/machine.h"
#include "swap.h"
#include "walk.h"

#define DEADLINE_MS 1000u
#define TRIES_PER_SECOND 1000u

/* Eight bytes of text that lead to the old cell, and shall lead to the new one. */
struct patch {
    uint64_t address;
    uint8_t old[8], new[8];
};

/* The swap under way; the swap task's alone. */
static struct {
    struct swap_report *report;
    struct unit *old, *new;
    struct patch *patches;
    uint32_t count;
    uint64_t since; /* instructions, when the phase began */
    char inside[TASK_NAME_ROOM]; /* who was in the old cell at the last try, and where */
    uint64_t where; /* 0: nowhere */
} current;

static void phase_over(enum swap_phase phase)
{
    uint64_t now = hart_instructions();

    current.report->instructions[phase] += now - current.since;
    current.since = now;
}

static const struct symbol *export_of(const struct cell *cell, const char *name)
{
    for (uint32_t i = 0; i < cell->export_count; i++) {
        if (strcmp(cell->exports[i].name, name) == 0)
            return &cell->exports[i];
    }
    return NULL;
}

static enum status add_patch(uint64_t address, uint64_t target)
{
    struct patch *patch = &current.patches[current.count];

    patch->address = address;
    memcpy(patch->old, (const void *)address, 8);
    memcpy(patch->new, patch->old, 8);
    if (link_patch_pair(address, target, patch->new) != OK)
        return why_set(&current.report->why, ERR_LINK, "a call at 0x%lx does not reach 0x%lx", address,
                       target);
    current.count++;
    return OK;
}

/* The patches for the calls of one cell. */
static enum status add_sites(const struct cell *user)
{
    struct swap_report *report = current.report;
    enum status status = OK;

    for (uint32_t i = 0; i < user->import_count; i++) {
        if (user->imports[i].symbol->cell == &current.old->cell &&
            !export_of(&current.new->cell, user->imports[i].name))
            return why_set(&report->why, ERR_LINK, "%s needs %s(), which %s %s lacks",
                           user->manifest.name, user->imports[i].name, report->new,
                           report->new_version);
    }
    for (uint32_t i = 0; i < user->site_count && status == OK; i++) {
        const struct symbol *symbol = user->imports[user->sites[i].import].symbol;

        if (symbol->cell != &current.old->cell || !unit_is_call(user->sites[i].type))
            continue;
        status = add_patch(user->sites[i].address,
                           export_of(&current.new->cell, symbol->name)->address);
        report->sites++;
    }
    return status;
}

static enum status make_patches(void)
{
    struct unit *user;
    struct patch *patch;
    enum status status = OK;
    size_t most = 0;

    for (user = unit_next(NULL); user; user = unit_next(user))
        most += user->cell.site_count;
    list_each(node, &current.old->cell.stubs)
        most++;
    current.patches = heap_alloc_bytes(buffer_kind, most * sizeof *current.patches + 1);
    if (!current.patches)
        return why_set(&current.report->why, ERR_NOMEM, "no memory for %zu patches", most);
    for (user = unit_next(NULL); user && status == OK; user = unit_next(user)) {
        if (user != current.old && user->cell.live)
            status = add_sites(&user->cell);
    }
    list_each(node, &current.old->cell.stubs)
    {
        const struct stub *stub = list_entry(node, struct stub, link);

        if (status != OK)
            break;
        patch = &current.patches[current.count];
        status = add_patch(stub->address, stub->successor);
        patch->new[5] = stub->successor == (uint64_t)stub_lost ? 3 : 0; /* its jalr links in t1, or not */
        current.report->stubs++;
    }
    return status;
}

/* Whether a stack has a frame in @p cell, or one that cannot be walked. */
static bool is_inside(const struct cell *cell, const struct registers *registers, uint64_t low,
                      uint64_t high, uint64_t *where)
{
    current.report->walked++;
    if (walk_enters(registers, low, high, (uint64_t)cell->text.base, cell->text.bytes,
                    where) != WALK_OUTSIDE)
        return true;
    /* Interrupted just before a call by a hook, the address may be in any register. */
    for (unsigned i = 1; i < 32 && registers->status; i++) {
        *where = registers->x[i];
        if (*where - (uint64_t)cell->text.base < cell->text.bytes)
            return true;
    }
    return false;
}

/* What a task that runs on a hart which stands still is doing: there, or where a trap interrupted it. */
static const struct registers *context_of(const struct task *task)
{
    const struct hart *hart = &harts[task->hart];
    bool there = hart->current == task && hart != this_hart() &&
                 hart->stopped->x[2] - task->stack_low < task->stack_high - task->stack_low;

    return there ? hart->stopped : &task->registers;
}

/* Who is inside, and where. A task may have ended when that is told. */
static const char *note_inside(const char *name, uint64_t where)
{
    string_copy(current.inside, sizeof current.inside, name);
    current.where = where;
    return current.inside;
}

/* Marks the tasks that must run on before @p cell can go. All other harts stand still. @return the name of
 * one of them, or of a hart that is within a handler; NULL: nobody is in the cell. */
static const char *find_inside(const struct cell *cell)
{
    const char *inside = NULL;
    uint64_t where;

    for (unsigned i = 0; i < hart_count(); i++) {
        uint64_t low = (uint64_t)harts[i].stacks, high = low + TRAP_STACK_BYTES;

        if (&harts[i] != this_hart() && harts[i].stopped->x[2] - low < high - low &&
            is_inside(cell, harts[i].stopped, low, high, &where))
            inside = note_inside(harts[i].idle.name, where);
    }
    current.report->tasks = 0;
    for (struct task *task = task_next(NULL); task; task = task_next(task)) {
        current.report->tasks++;
        task->let_through = task == task_current();
        if (task == task_current() || task_state(task) == TASK_DEAD ||
            !is_inside(cell, context_of(task), task->stack_low, task->stack_high, &where))
            continue;
        task->let_through = 1;
        inside = note_inside(task->name, where);
    }
    return inside;
}

/* A task that was interrupted between the two instructions of a patched pair does the first one again. */
static void move_back(struct task *task)
{
    struct registers *registers = &task->registers;

    for (uint32_t i = 0; i < current.count && registers->status; i++) {
        if (registers->pc != current.patches[i].address + 4)
            continue;
        registers->pc -= 4;
        current.report->moved++;
    }
}

/* The moment from which on @p to serves in the place of @p from. All other harts stand still. */
static void exchange(struct unit *from, struct unit *to) REQUIRES(irqs_off)
{
    bool forward = to == current.new;

    for (uint32_t i = 0; i < current.count; i++)
        text_write_pair(current.patches[i].address,
                        forward ? current.patches[i].new : current.patches[i].old);
    for (uint32_t i = 0; i < from->cell.export_count; i++)
        hook_bind(&from->cell.exports[i], false);
    for (uint32_t i = 0; i < to->cell.export_count; i++)
        hook_bind(&to->cell.exports[i], true);
    if (unit_inherits(current.new))
        kinds_hand_over(&from->cell, &to->cell);
    else
        tasks_requeue();
    for (struct task *task = task_next(NULL); task; task = task_next(task))
        move_back(task);
}

/* One try to exchange the two while all harts are held. @return what is still in @p from, or NULL: done. */
static const char *try_exchange(struct unit *from, struct unit *to, uint64_t deadline)
    REQUIRES(irqs_off)
{
    const char *inside = note_inside("a hart", 0);

    current.since = hart_instructions();
    current.report->tries++;
    if (harts_hold(deadline + machine_timebase() / 10)) { /* the last try, too, has its time */
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

/* Exchanges the two as soon as nobody is in the old one. Who is in it runs on, all others are held back. */
static REQUIRES(may_park) enum status hold_and_exchange(struct unit *from, struct unit *to)
{
    uint64_t deadline = hart_ticks() + DEADLINE_MS * machine_timebase() / 1000;
    const char *inside;
    char place[100] = "it does not stop";
    uint64_t next;
    bool more;

    do {
        OWN(irq_guard) guard = {0};

        irq_disable(&guard);
        inside = try_exchange(from, to, deadline);
        next = hart_ticks() + machine_timebase() / TRIES_PER_SECOND;
        more = inside && next < deadline;
        if (!more)
            tasks_hold(false);
        irq_restore(&guard);
        while (more && hart_ticks() < next) /* who is inside needs time to leave */
            task_yield();
    } while (more);
    if (!inside)
        return OK;
    if (current.where)
        hooks.code_describe(current.where, place, sizeof place);
    return why_set(&current.report->why, ERR_BUSY, "%s did not leave it within %u ms: %s", inside,
                   DEADLINE_MS, place);
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
    list_each(node, table_cells())
    {
        struct cell *user = &unit_of(node)->cell;

        for (uint32_t i = 0; i < user->import_count; i++) {
            if (user->imports[i].symbol && user->imports[i].symbol->cell == &from->cell)
                user->imports[i].symbol = export_of(&to->cell, user->imports[i].name);
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
    list_remove(&to->cell.link);
    list_push_back(&from->cell.link, &to->cell.link); /* in its place */
    spin_unlock(&guard, &cell_table.lock);
}

/* Goes back to the old cell. On failure the new one serves on, though it could not start. */
static REQUIRES(may_park) enum status go_back(void)
{
    struct cell *old = &current.old->cell;
    enum status status = OK;

    if (!unit_inherits(current.new)) { /* what is in its queues was ready at another time */
        memset(old->state.base, 0, old->state.bytes);
        status = cell_call_entry(old->manifest.init, REASON_LOAD);
    }
    if (status == OK)
        status = hold_and_exchange(current.new, current.old);
    if (status == OK)
        enter_tables(current.new, current.old);
    else
        why_prefix(&current.report->why, "its start() failed, and it serves nevertheless");
    return status;
}

/* After a success: nobody uses the old cell. */
static void drop_old(void)
{
    struct unit *old = current.old;

    if (unit_inherits(current.new))
        old->cell.state.base = NULL;
    current.new->replaces = NULL;
    kind_destroy_all(&old->cell, true, NULL);
    unit_retract(old);
    unit_drop(old);
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
    status = transaction_add(report->new, current.old, image, bytes);
    if (status == OK)
        current.new = list_entry(unit_last(), struct unit, link);
    if (status == OK && !unit_inherits(current.new) &&
        strcmp(current.old->cell.manifest.provides, "sched") != 0)
        status = why_set(&report->why, ERR_UNSUPPORTED,
                         "only versions of one cell, and schedulers, can replace each other");
    status = transaction_prepare(status);
    if (status != OK)
        return status;
    string_copy(report->new_version, sizeof report->new_version,
                current.new->cell.manifest.version);
    return make_patches();
}

enum status swap_run(struct swap_report *report, const void *image, size_t bytes)
{
    enum status status;

    while ((status = transaction_begin(REASON_LOAD, &report->why)) == ERR_BUSY)
        task_yield();
    current.report = report;
    current.since = hart_instructions();
    current.patches = NULL;
    current.count = 0;
    status = prepare(image, bytes);
    phase_over(SWAP_PREPARE);
    status = transaction_init(status);
    phase_over(SWAP_INIT);
    if (status == OK && !report->dry_run) {
        transaction_bind();
        status = hold_and_exchange(current.old, current.new);
        if (status == OK) {
            enter_tables(current.old, current.new);
            transaction_publish();
            phase_over(SWAP_COMMIT);
            status = transaction_start(status);
            report->done = status == OK || go_back() != OK;
            phase_over(SWAP_START);
            if (report->done)
                drop_old();
        }
    }
    if (!report->done)
        transaction_undo();
    transaction_close();
    heap_free(buffer_kind, current.patches);
    return status;
}
