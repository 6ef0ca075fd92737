/* Replacing cells while the system runs (abi/nucleus/swap.h), one, or several in one transaction: the exchange. What goes
 * before it and comes behind it stands in swap_run.c.
 *
 *     prepare  load the new cells beside the old ones, compute every patch; nothing has changed
 *     init     they prepare themselves; others do not see them
 *     hold     all other harts stand still. A task with a frame in an old cell makes us try again, while all
 *              others are held back; after a while we give up. States and objects are brought into their new
 *              layout (cell evolve), or none is; then patches, hooks, saved pcs: from there on nothing fails.
 *              Nothing in it allocates or takes a lock
 *     commit   the tables that others read
 *     start    the system runs; if this fails, all the other way round
 *     reclaim  the old cells are poisoned, and freed when nothing points into them any more (reclaim.c)
 *
 * INV-SWAP-1: after a failure everything is as before. */
#include "arena.h"
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "inside.h"
#include "hooks_private.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "report.h"
#include "swap_private.h"

#define LIMIT_MS 1000u
#define HOLDS_MOST 10u /* that fail, before the machine stops for want of a scheduler */
#define LONGEST_WAIT 6u /* between two tries: 50 us, twice as long after each, so often */

struct patches current;
static struct inside inside; /* who was in an old cell at the last try */
static uint64_t since;       /* instructions, when the phase began */

static uint64_t limit(void) /* in ticks */
{
    return LIMIT_MS * machine_timebase() / 1000;
}

void phase_begin(void)
{
    since = hart_instructions();
}

void phase_over(enum swap_phase phase)
{
    uint64_t before = since;

    phase_begin();
    current.report->instructions[phase] += since - before;
}

/* Of a pair, named by the unit that comes in the other's place, who leaves and who comes: that way round, or back. */
static struct unit *leaves(struct unit *pair)
{
    return current.back ? pair : pair->replaces;
}

static struct unit *comes(struct unit *pair)
{
    return current.back ? pair->replaces : pair;
}

/* Asks cell evolve the same of all pairs. @return the first answer that is not OK. */
static enum status evolve_each(enum evolve_call call)
{
    enum status status = OK;

    for (struct unit *pair = transaction_next_pair(NULL); pair && status == OK; pair = transaction_next_pair(pair))
        status = hooks.evolve(call, &pair->evolution, &leaves(pair)->cell, &comes(pair)->cell, current.report);
    return status;
}

void evolve_end(void)
{
    evolve_each(EVOLVE_END);
}

/* Puts back what was there before. Cell evolve is not asked: it may be what has failed. */
static void evolve_undo(struct evolution *evolution)
{
    evolution->done = false;
    for (const struct saved *saved = evolution->saved; saved; saved = saved->next) {
        const uint64_t *record = saved->records;

        for (uint64_t i = 0; i < saved->count; i++, record += saved->words)
            memcpy((void *)record[0], record + 2, record[1]);
    }
}

/* All states and objects, or none. */
static enum status evolve_all(void)
{
    enum status status = evolve_each(EVOLVE_RUN);

    for (struct unit *pair = transaction_next_pair(NULL); pair && status != OK; pair = transaction_next_pair(pair)) {
        if (pair->evolution)
            evolve_undo(pair->evolution);
    }
    return status;
}

/* The moment from which on those serve who come. All other harts stand still. */
static enum status exchange(void) REQUIRES(irqs_off)
{
    enum status status = evolve_all();

    if (status != OK)
        return status;
    text_write_pairs(current.pairs, current.count, !current.back);
    for (struct unit *pair = transaction_next_pair(NULL); pair; pair = transaction_next_pair(pair)) {
        hooks_bind(&leaves(pair)->cell, false);
        hooks_bind(&comes(pair)->cell, true);
        if (strcmp(comes(pair)->cell.manifest.provides, "sched") == 0 && !unit_inherits(pair))
            tasks_requeue();
    }
    for (struct task *task = task_next(NULL); task; task = task_next(task))
        current.report->moved += patches_move_back(&current, &task->registers);
    current.report->ticks = hart_ticks(); /* still held: whatever the new one does comes later */
    return OK;
}

/* One try to exchange them while all harts are held. @return OK; AGAIN, and who is still in an old cell, or nobody: there
 * was too little memory; or why it cannot be. */
static enum status try_exchange(void) REQUIRES(irqs_off)
{
    enum status status = AGAIN;

    string_copy(inside.name, sizeof inside.name, "a hart");
    inside.where = 0;
    phase_begin();
    current.report->tries++;
    if (harts_hold()) {
        if (!inside_find())
            status = exchange();
        if (status == AGAIN)
            tasks_hold(true);
        harts_release();
    }
    phase_over(SWAP_HOLD);
    return status;
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

/* Why it was not done: what a function of evolve.h said, or where it faulted, or who did not leave. */
static enum status explain(enum status status)
{
    struct why *why = &current.report->why;
    char place[100];
    uint64_t where = held_fault ?: inside.where;

    if (where)
        hooks.code_describe(where, place, sizeof place);
    else
        string_copy(place, sizeof place, "it does not stop");
    if (held_fault)
        return why_set(why, status, "%s: in %s", why->text, place);
    if (status != AGAIN)
        return status;
    return why_set(why, ERR_BUSY, "%s did not leave it within %u ms: %s", inside.name, LIMIT_MS, place);
}

/* Exchanges them as soon as nobody is in an old one. Who is in it runs on, all others are held back. */
static REQUIRES(may_park) enum status hold_and_exchange(void)
{
    uint64_t waited = 0;
    enum status status;
    bool more;

    held_fault = 0;
    do {
        OWN(irq_guard) guard = {0};

        irq_disable(&guard);
        status = try_exchange();
        more = status == AGAIN && waited < limit();
        if (!more)
            tasks_hold(false);
        irq_restore(&guard);
        if (more)
            waited += wait_between_tries(current.report->tries, task_yield);
        if (more && !inside.name[0])
            status = evolve_each(EVOLVE_PREPARE);
    } while (more && (status == AGAIN || status == OK));
    return status == OK ? OK : explain(status);
}

/* What readers of the tables see, after the exchange, of one pair. The exports of all that leave are out already. */
static void enter_pair(struct cell *from, struct cell *to) REQUIRES(cell_table.lock)
{
    for (uint32_t i = 0; i < to->export_count; i++) {
        if (symbol_lookup(to->exports[i].name) != &to->exports[i] &&
            symbol_insert(&to->exports[i]) != OK)
            panic("%s is exported twice", to->exports[i].name);
    }
    for (struct list *node = from->stubs.next, *next; node != &from->stubs; node = next) {
        struct stub *stub = list_entry(node, struct stub, link);
        uint64_t function = stub->function;

        next = node->next;
        if (!stub->successor) /* the new one made it; now it goes again */
            continue;
        stub->function = stub->successor;
        stub->successor = function;
        list_remove(node);
        list_push_back(&to->stubs, node);
    }
    from->live = false;
    to->live = true;
}

static void enter_tables(void)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &cell_table.lock);
    for (struct unit *pair = transaction_next_pair(NULL); pair; pair = transaction_next_pair(pair)) {
        for (uint32_t i = 0; i < leaves(pair)->cell.export_count; i++)
            symbol_remove(&leaves(pair)->cell.exports[i]);
    }
    for (struct unit *pair = transaction_next_pair(NULL); pair; pair = transaction_next_pair(pair))
        enter_pair(&leaves(pair)->cell, &comes(pair)->cell);
    list_each(node, table_cells()) {
        struct cell *user = &unit_of(node)->cell;

        for (uint32_t i = 0; i < user->import_count; i++) {
            const struct symbol *before = user->imports[i].symbol;

            if (!user->imports[i].successor || unit_of(node)->replaced_by)
                continue;
            user->imports[i].symbol = user->imports[i].successor;
            user->imports[i].successor = before;
        }
    }
    spin_unlock(&guard, &cell_table.lock);
}

void look_at_tasks(void)
{
    const struct cell *cells[SWAP_MOST];
    uint32_t count = 0;

    for (struct unit *pair = transaction_next_pair(NULL); pair; pair = transaction_next_pair(pair))
        cells[count++] = &leaves(pair)->cell;
    inside_begin(&inside, cells, count);
    inside_look_beforehand();
    current.report->tasks = inside.tasks;
    phase_over(SWAP_PREPARE);
}

enum status cross(void)
{
    enum status status = evolve_each(EVOLVE_PREPARE);

    look_at_tasks();
    if (status == OK)
        status = hold_and_exchange();
    if (status == OK)
        enter_tables();
    current.report->walked += inside.walked;
    return status;
}

enum status begin_anew(void)
{
    enum status status = OK;

    for (struct unit *pair = transaction_next_pair(NULL); pair && status == OK; pair = transaction_next_pair(pair)) {
        struct cell *old = &comes(pair)->cell;

        if (unit_inherits(pair) || strcmp(old->manifest.provides, "sched") != 0)
            continue;
        memset(old->state.base, 0, old->state.bytes);
        comes(pair)->failed = false;
        status = cell_call_entry(old->manifest.init, REASON_LOAD);
    }
    return status;
}

void start_again(void)
{
    for (struct unit *pair = transaction_next_pair(NULL); pair; pair = transaction_next_pair(pair)) {
        const struct manifest *manifest = &comes(pair)->cell.manifest;

        if (cell_call_entry(manifest->start, unit_inherits(pair) ? REASON_SWAP : REASON_LOAD) != OK)
            log_print("swap: %s serves again, though its start() failed", manifest->name);
    }
}

enum status go_back(void)
{
    struct why *why = &current.report->why, failed = *why; /* what start() came to */
    enum status status;

    current.back = true;
    status = begin_anew();
    why->text[0] = '\0';
    if (status == OK)
        status = cross();
    if (status == OK) {
        start_again();
        *why = failed;
        return OK;
    }
    why_prefix(why, *why->text ? "its start() failed, and it serves nevertheless"
                               : "its start() failed, and it serves nevertheless: the old one cannot begin again");
    return status;
}
