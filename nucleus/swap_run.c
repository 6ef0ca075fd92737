/* Swaps as they are asked for (abi/nucleus/swap.h): what is prepared before the exchange (swap.c), the old versions that are
 * kept behind those on probation, and the task that does one swap after another. */
#include "cell_private.h"
#include "harts.h"
#include "heap_private.h"
#include "hooks_private.h"
#include "swap_private.h"

enum status stubs_match(struct unit *unit)
{
    if (!unit->replaces)
        return OK;
    return hooks.evolve(EVOLVE_STUBS, &unit->evolution, &unit->replaces->cell, &unit->cell, current.report);
}

/* Whether @p pair may be, and, in the report, its versions. */
static enum status check_pair(struct unit *pair)
{
    const struct cell *old = &pair->replaces->cell, *new = &pair->cell;
    struct swap_cells *cells = current.report->cells;

    while (strcmp(cells->old, old->manifest.name) != 0)
        cells++;
    string_copy(cells->new, sizeof cells->new, new->manifest.name);
    string_copy(cells->old_version, sizeof cells->old_version, old->manifest.version);
    string_copy(cells->new_version, sizeof cells->new_version, new->manifest.version);
    if (!unit_inherits(pair) &&
        (!*old->manifest.provides || strcmp(old->manifest.provides, new->manifest.provides) != 0))
        return why_set(&current.report->why, ERR_UNSUPPORTED,
                       "only versions of one cell, and providers of one interface, can replace each other");
    return stubs_match(pair); /* again: cells that come with it may have made some */
}

static enum status check_pairs(void)
{
    enum status status = OK;

    for (struct unit *pair = transaction_next_pair(NULL); pair && status == OK;
         pair = transaction_next_pair(pair))
        status = check_pair(pair);
    return status == OK ? patches_make(&current) : status;
}

static enum status prepare(const struct swap_order *order)
{
    struct swap_report *report = current.report;
    enum status status = OK;

    for (unsigned i = 0; i < order->count && status == OK; i++) {
        const struct swap_cells *cells = &report->cells[i];
        struct unit *old = unit_lookup(cells->old);

        if (!old || !old->cell.live)
            status = why_set(&report->why, ERR_NOT_FOUND, "no cell %s is loaded", cells->old);
        else if (old->replaced_by)
            status = why_set(&report->why, ERR_INVALID, "%s is named twice", cells->old);
        else
            status = transaction_add(cells->new, NULL, old, order->pairs[i].image, order->pairs[i].bytes);
    }
    status = transaction_prepare(status);
    return status == OK ? check_pairs() : status;
}

/* The old cell of a pair goes, or the new one. */
static void pair_over(struct unit *pair, bool old_goes)
{
    struct unit *goes = old_goes ? pair->replaces : pair;
    bool is_shared = pair->cell.state.base == pair->replaces->cell.state.base;

    pair->replaces->replaced_by = NULL;
    pair->replaces = NULL;
    goes->cell.kept = false;
    reclaim_add(goes, is_shared);
}

void probation_end(struct unit *unit)
{
    uint64_t swap = unit->swap;

    for (struct unit *other = unit_next(NULL); other; other = unit_next(other)) {
        if (!other->before || other->swap != swap)
            continue;
        other->replaces = other->before;
        other->before = NULL;
        pair_over(other, true);
    }
}

/* The new cells serve, and do so for good unless a start() fails, or, on probation, until then. */
static REQUIRES(may_park) enum status settle(void)
{
    struct swap_report *report = current.report;
    enum status status = transaction_each(OK, unit_start);

    phase_over(SWAP_START);
    report->done = status == OK || go_back() != OK;
    evolve_end();
    report->probation &= status == OK;
    for (struct unit *pair = transaction_next_pair(NULL), *next; pair; pair = next) {
        struct unit *old = pair->replaces;

        next = transaction_next_pair(pair);
        if (report->done && old->before)
            probation_end(old);
        if (!report->probation) {
            if (!report->done)
                list_remove(&pair->link);
            pair_over(pair, report->done);
            continue;
        }
        pair->before = old;
        pair->swap = report->number;
        pair->replaces = old->replaced_by = NULL;
        old->cell.kept = true;
    }
    return status;
}

static REQUIRES(may_park) enum status replace(const struct swap_order *order)
{
    struct swap_report *report = current.report;
    enum status status = prepare(order);

    report->probation = order->probation; /* unless cell evolve knows better */
    phase_over(SWAP_PREPARE);
    status = transaction_each(status, unit_init);
    phase_over(SWAP_INIT);
    if (status == OK && report->dry_run) {
        look_at_tasks();
    } else if (status == OK) {
        transaction_bind(); /* its fence.i is that of the hold */
        status = cross();
        if (status == OK) {
            transaction_publish();
            phase_over(SWAP_COMMIT);
            status = settle();
            phase_over(SWAP_START);
        } else {
            evolve_end();
        }
    }
    if (!report->done)
        transaction_undo();
    return status;
}

/* What is kept behind @p unit, and behind all that came with it, comes back. */
static REQUIRES(may_park) enum status roll_back(const struct unit *unit)
{
    struct swap_report *report = current.report;
    enum status status;

    report->count = 0;
    for (struct unit *other = unit_next(NULL); other; other = unit_next(other)) {
        if (!other->before || other->swap != unit->swap)
            continue;
        string_copy(report->cells[report->count++].old, CELL_NAME_ROOM, other->cell.manifest.name);
        transaction_return(other->before, other);
    }
    status = check_pairs();
    if (status == OK)
        status = begin_anew();
    phase_over(SWAP_PREPARE);
    if (status == OK)
        status = cross();
    evolve_end();
    phase_over(SWAP_COMMIT);
    report->done = status == OK;
    if (report->done)
        start_again();
    phase_over(SWAP_START);
    for (struct unit *pair = transaction_next_pair(NULL); pair && report->done;
         pair = transaction_next_pair(NULL)) {
        list_remove(&pair->link);
        pair->cell.kept = false;
        pair->replaces->before = NULL;
        pair_over(pair, true);
    }
    transaction_leave();
    return status;
}

static REQUIRES(may_park) enum status carry_out(const struct swap_order *order)
{
    struct swap_report *report = current.report;
    struct unit *unit;

    if (order->action == SWAP_REPLACE)
        return replace(order);
    unit = unit_lookup(report->cells[0].old);
    if (!unit || !unit->before)
        return why_set(&report->why, ERR_NOT_FOUND, "no older version of %s is kept", report->cells[0].old);
    if (order->action == SWAP_ROLLBACK)
        return roll_back(unit);
    probation_end(unit);
    report->done = true;
    return OK;
}

/* @return the same as is in the report. */
static REQUIRES(may_park) enum status swap_run(const struct swap_job *job, struct swap_report *report)
{
    enum status status;

    while ((status = transaction_begin(REASON_LOAD, &report->why)) == ERR_BUSY)
        task_yield();
    hooks.fault_unplant();
    (void)harts_longest_hold();
    current = (struct patches){.report = report};
    phase_begin();
    status = carry_out(&job->order);
    heap_free(buffer_kind, current.pairs);
    reclaim_try();
    phase_over(SWAP_RECLAIM);
    report->pause = harts_longest_hold();
    transaction_close();
    return status;
}

static struct task swap_task;
static uint8_t swap_stack[16384] __attribute__((aligned(4096), section(".noinit")));

/* The step of the swap task. */
static enum status swap_one(void *unused)
{
    struct swap_job *job = hooks.swap_next();
    enum status status;

    (void)unused;
    role_assert_may_park();
    if (!job)
        return AGAIN;
    status = swap_run(job, &job->report);
    hooks.swap_over(job, status); /* the hook as it is now: the swap may have changed it */
    return OK;
}

void swap_init(void)
{
    task_head_init(&swap_task, "swap", task_service, NULL, swap_stack, sizeof swap_stack);
    swap_task.step = swap_one;
}

void swap_wake(void)
{
    task_unpark(&swap_task);
}
