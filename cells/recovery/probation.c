/*
 * A swap on probation is watched for 100 ms. A fault in one of its cells brings the old versions back at once
 * (recovery.c); so does a check() that fails at the end of the time. Else the old versions are let go. What is swapped
 * again meanwhile, by hand rolled back or committed, is nothing to trial any more. While a recovery_hold lives no
 * probation ends; it is looked after again each 100 ms.
 */
#include "probation.h"

#include "incident.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "swap_log.h"

#define PROBATION_NS 100000000u
#define NS_PER_SECOND 1000000000u

static uint64_t probation_ticks(void)
{
    return machine_timebase() * PROBATION_NS / NS_PER_SECOND;
}

/* The report of a swap. @return false: it is not remembered. */
static bool report_of(uint64_t number, struct swap_report *report)
{
    for (unsigned i = 0; swap_get(i, report); i++) {
        if (report->number == number)
            return true;
    }
    return false;
}

static bool brought(const struct swap_report *report, const char *cell)
{
    for (unsigned i = 0; i < report->count; i++) {
        if (strcmp(report->cells[i].new, cell) == 0)
            return true;
    }
    return false;
}

/* Whether a later swap has had to do with a cell of this one. */
static bool is_over(uint64_t number, const struct swap_report *report)
{
    struct swap_report later;

    for (unsigned i = 0; swap_get(i, &later) && later.number > number; i++) {
        for (unsigned j = 0; later.done && j < later.count; j++) {
            if (brought(report, later.cells[j].old))
                return true;
        }
    }
    return false;
}

static void trial_add(struct probation *probation, const struct swap_report *report)
{
    struct trial *place = &probation->trials[0];

    for (unsigned i = 0; i < TRIALS_MOST && place->swap; i++) {
        if (!probation->trials[i].swap || probation->trials[i].ticks < place->ticks)
            place = &probation->trials[i];
    }
    *place = (struct trial){.swap = report->number, .ticks = report->ticks};
}

static void take_up_new(struct probation *probation)
{
    uint64_t seen = probation->seen;
    struct swap_report report;

    for (unsigned i = 0; swap_get(i, &report) && report.number > seen; i++) {
        if (report.status == AGAIN)
            continue;
        if (report.number > probation->seen)
            probation->seen = report.number;
        if (report.done && report.probation)
            trial_add(probation, &report);
    }
}

static bool carry_out(enum swap_action action, const char *cell, struct swap_report *report, struct why *why)
    REQUIRES(may_park);
static bool carry_out(enum swap_action action, const char *cell, struct swap_report *report, struct why *why)
{
    OWN(swap_request) request = {0};
    struct swap_order order;

    memset(&order, 0, sizeof order);
    order.action = action;
    order.count = 1;
    order.pairs[0].old = cell;
    if (!cells_swap(&request, &order, why))
        return false;
    if (swap_wait(&request, report) == OK && report->done)
        return true;
    string_copy(why->text, sizeof why->text, report->why.text);
    return false;
}

bool roll_back(const char *cell, struct swap_report *report, struct why *why)
{
    return carry_out(SWAP_ROLLBACK, cell, report, why);
}

/* Its time is over. */
static void settle(const struct swap_report *report) REQUIRES(may_park);
static void settle(const struct swap_report *report)
{
    const char *cell = report->cells[0].new, *failed = NULL;
    struct swap_report end;
    struct why why;

    why.text[0] = '\0';
    for (unsigned i = 0; i < report->count; i++) {
        enum status status = cell_check(report->cells[i].new);

        if (status != OK && status != ERR_UNSUPPORTED)
            failed = report->cells[i].new;
    }
    if (!failed && !carry_out(SWAP_FOR_GOOD, cell, &end, &why))
        log_write("recovery: %s stays on probation: %s", cell, why.text);
    if (!failed)
        return;
    if (roll_back(failed, &end, &why))
        log_print("recovery: %s: its check() fails after swap %lu: rolled back", failed, report->number);
    else
        log_print("recovery: %s: its check() fails after swap %lu, and it stays: %s", failed, report->number,
                  why.text);
}

uint64_t probation_next(struct probation *probation)
{
    uint64_t next = PROBATION_NONE, now, end;
    struct swap_report report;

    take_up_new(probation);
    now = hart_ticks();
    for (unsigned i = 0; i < TRIALS_MOST; i++) {
        struct trial *trial = &probation->trials[i];

        if (trial->swap && (!report_of(trial->swap, &report) || is_over(trial->swap, &report)))
            trial->swap = 0;
        if (!trial->swap)
            continue;
        end = trial->ticks + probation_ticks();
        if (end <= now)
            return 0;
        if ((end - now) * NS_PER_SECOND / machine_timebase() < next)
            next = (end - now) * NS_PER_SECOND / machine_timebase() + 1;
    }
    return next;
}

void probation_settle(struct probation *probation)
{
    struct swap_report report;

    for (unsigned i = 0; i < TRIALS_MOST; i++) {
        struct trial *trial = &probation->trials[i];
        uint64_t number = trial->swap;

        if (!number || hart_ticks() - trial->ticks < probation_ticks())
            continue;
        trial->swap = 0;
        if (report_of(number, &report) && !is_over(number, &report))
            settle(&report);
    }
}

bool probation_is_coming(const char *cell)
{
    struct swap_report report;

    for (unsigned i = 0; swap_get(i, &report); i++) {
        if (report.begun && report.status == AGAIN && report.action == SWAP_REPLACE && brought(&report, cell))
            return true;
    }
    return false;
}

bool probation_covers(struct probation *probation, const char *cell, uint64_t ticks)
{
    struct swap_report report;

    take_up_new(probation);
    for (unsigned i = 0; i < TRIALS_MOST; i++) {
        const struct trial *trial = &probation->trials[i];

        if (trial->swap && trial->ticks <= ticks && report_of(trial->swap, &report) &&
            brought(&report, cell) && !is_over(trial->swap, &report))
            return true;
    }
    return false;
}
