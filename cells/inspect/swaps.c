/* The history of swaps (abi/swap_log.h). Reports hold names and numbers, and nothing that leads into a cell. */
#include "swaps.h"

#include "nucleus/frame.h"
#include "nucleus/log.h"
#include "nucleus/string.h"

#define RECORDS_ORDER 4u
_Static_assert(SWAP_RECORDS * sizeof(struct swap_report) <= PAGE_BYTES << RECORDS_ORDER, "");

enum status swap_log_start(void)
{
    OWN(frames) block = {0};

    if (!frames_alloc(&block, RECORDS_ORDER, FRAME_OTHER))
        return ERR_NOMEM;
    memset(block.base, 0, PAGE_BYTES << RECORDS_ORDER);
    swap_log()->records = frames_leak(&block);
    return OK;
}

void swap_log_stop(void)
{
    OWN(frames) block = {0};

    frames_adopt(&block, swap_log()->records);
    swap_log()->records = NULL;
    frames_drop(&block);
}

static struct swap_report *record_of(struct swap_log *log, uint64_t number) REQUIRES(log->lock);
static struct swap_report *record_of(struct swap_log *log, uint64_t number)
{
    return &log->records[number % SWAP_RECORDS];
}

/* One that came to nothing, or not to what was wanted, is told in the system's log, too. */
static void tell_failure(const struct swap_report *report)
{
    if (report->begun && report->status != OK && report->status != AGAIN)
        log_write("swap %lu, of %s: %s", report->number, report->cells[0].old,
                  report->why.text[0] ? report->why.text : status_name(report->status));
}

EXPORT void swap_noted(const struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    struct swap_log *log = swap_log();

    role_assert_irqs_off();
    spin_lock_nested(&guard, &log->lock);
    if (log->records)
        *record_of(log, report->number) = *report;
    if (report->number > log->last)
        log->last = report->number;
    spin_unlock_nested(&guard, &log->lock);
    tell_failure(report);
    if (report->probation && report->status != AGAIN)
        waiter_wake();
}

/* The caller's memory is written without the lock: it may fault, and who reports that may ask for swaps. */
EXPORT bool swap_get(unsigned index, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    struct swap_log *log = swap_log();
    struct swap_report copy;
    bool found;

    spin_lock(&guard, &log->lock);
    found = log->records && index < SWAP_RECORDS && index < log->last;
    if (found)
        copy = *record_of(log, log->last - index);
    spin_unlock(&guard, &log->lock);
    if (found)
        *report = copy;
    return found;
}
