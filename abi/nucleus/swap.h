/**
 * @file nucleus/swap.h
 * Replacing a cell while the system runs.
 *
 * A request is queued to the nucleus' swap task, so the cell that asks, and the shell, can be replaced
 * themselves; its owner hears how it went. One swap runs at a time. Either the new cell serves all callers
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
enum swap_phase {
    SWAP_PREPARE,
    SWAP_INIT,
    SWAP_HOLD,
    SWAP_COMMIT,
    SWAP_START,
    SWAP_RECLAIM,
    SWAP_PHASES
};

struct swap_report {
    uint64_t number; /* since boot, from 1 */
    char old[CELL_NAME_ROOM], new[CELL_NAME_ROOM];
    char old_version[16], new_version[16];
    enum status status; /* AGAIN until it is over; ERR_CANCELLED: taken back before its turn came */
    bool begun;
    bool done; /* the new cell serves */
    bool dry_run;
    uint32_t sites, stubs; /* patched */
    uint32_t tasks, walked; /* tasks that there were; whose stacks were walked, in all tries */
    uint32_t moved;         /* that were amid a pair that was patched, and do it again */
    uint32_t tries;         /* how often all harts were held */
    uint64_t instructions[SWAP_PHASES]; /* of the hart that swapped */
    uint64_t pause; /* the longest time that all harts stood still, reclaim included; in the same */
    struct why why;
};

/** A swap that was asked for: the right to its report, and to take it back. Its task is woken when it is over. */
typedef struct LINEAR("swap_request") swap_request {
    struct swap_job *job; /* NULL: none */
} swap_request;

/**
 * Asks for cell @p old to be replaced by @p new: NEW.cell of the archive, or, with @p image not NULL, that
 * object (copied). With @p dry_run everything up to the first change is done, and undone.
 * @return false, with @p why set: no memory for the request and the object's copy, or a name is too long.
 */
bool cell_swap(swap_request *request, const char *old, const char *new, const void *image,
               size_t bytes, bool dry_run, struct why *why) TRY_MAKES(*request);

/** AGAIN until the swap is over; the caller is unparked then. OK: @p report is its report, of which
 *  report->status says how the swap went. */
MUST_CHECK enum status swap_step(swap_request *request, struct swap_report *report)
    BORROWS_MUT(*request);
/** Waits no longer. @return true: its turn had not come, and it is taken back; else it goes on, or is over.
 *  The drop. */
bool swap_drop(swap_request *request) TAKES(*request);
static inline UNCHECKED void swap_request_unwind(swap_request *request)
{
    if (request->job)
        swap_drop(request);
}

/** Waits until the swap is over. Returns as swap_step() does. */
static inline enum status swap_wait(swap_request *request, struct swap_report *report)
    TAKES(*request) REQUIRES(may_park);
static inline enum status swap_wait(swap_request *request, struct swap_report *report)
{
    enum status status;

    while ((status = swap_step(request, report)) == AGAIN)
        task_park();
    swap_drop(request);
    return status;
}

#endif
