/**
 * @file nucleus/swap.h
 * Replacing a cell while the system runs.
 *
 * A request is queued to the nucleus' swap task, so the cell that asks, and the shell, can be replaced
 * themselves; the ticket tells how it went. One swap runs at a time. Either the new cell serves all callers
 * from one moment on, or nothing has changed (INV-SWAP-1).
 */
#ifndef MITOS_NUCLEUS_SWAP_H
#define MITOS_NUCLEUS_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"
#include "cells.h"
#include "task.h"
#include "why.h"

/** PREPARE to INIT while the system runs; HOLD: all other harts stand still; then it runs again. */
enum swap_phase { SWAP_PREPARE, SWAP_INIT, SWAP_HOLD, SWAP_COMMIT, SWAP_START, SWAP_PHASES };

struct swap_report {
    uint64_t number; /* the ticket */
    char old[CELL_NAME_ROOM], new[CELL_NAME_ROOM];
    char old_version[16], new_version[16];
    enum status status;
    bool done; /* the new cell serves */
    bool dry_run;
    uint32_t sites, stubs; /* patched */
    uint32_t tasks, walked; /* tasks that there were; whose stacks were walked, in all tries */
    uint32_t moved;         /* that were amid a pair that was patched, and do it again */
    uint32_t tries;         /* how often all harts were held */
    uint64_t instructions[SWAP_PHASES]; /* of the hart that swapped */
    struct why why;
};

/**
 * Asks for cell @p old to be replaced by @p new: NEW.cell of the archive, or, with @p image not NULL, that
 * object (copied). With @p dry_run everything up to the first change is done, and undone. Sets @p ticket.
 * @return OK queued; ERR_NOMEM no room for the object's copy; ERR_BUSY too many swaps wait already;
 * ERR_INVALID a name that is too long.
 */
MUST_CHECK enum status cell_swap(const char *old, const char *new, const void *image, size_t bytes,
                                 bool dry_run, uint64_t *ticket, struct why *why);

/** AGAIN until that swap is over; the caller is unparked then. OK: @p report is its report, of which
 *  report->status says how the swap went. ERR_NOT_FOUND: no such swap is remembered. */
enum status swap_step(uint64_t ticket, struct swap_report *report);
/** The report of swap number @p index, the newest first, done or not. @return false past the last of 32. */
bool swap_get(unsigned index, struct swap_report *report);

static inline enum status swap_wait(uint64_t ticket, struct swap_report *report) REQUIRES(may_park);
static inline enum status swap_wait(uint64_t ticket, struct swap_report *report)
{
    enum status status;

    while ((status = swap_step(ticket, report)) == AGAIN)
        task_park();
    return status;
}

#endif
