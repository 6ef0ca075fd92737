/**
 * @file nucleus/swap.h
 * Replacing a cell while the system runs: a request, a ticket, a report.
 *
 * The work is done by the nucleus' swap task, one swap at a time. Who asks gets a ticket and may be replaced
 * itself meanwhile, as long as it waits between steps (task_service()) and not within its own cell.
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

enum swap_phase {
    SWAP_PREPARE, /* read, check, link, walk the tasks that sleep */
    SWAP_INIT,    /* the new cell's init() */
    SWAP_HOLD,    /* all harts held: until nobody is in the old cell */
    SWAP_COMMIT,  /* all harts held: patch, switch over */
    SWAP_START,   /* the new cell's start() */
    SWAP_PHASES
};

struct swap_report {
    uint64_t number; /* since boot, from 1 */
    char old[CELL_NAME_ROOM], new[CELL_NAME_ROOM];
    char old_version[16], new_version[16];
    enum status status; /* OK, or why not */
    bool done;          /* the new cell serves */
    bool dry_run;
    uint32_t sites, stubs; /* patched, or to be */
    uint32_t tasks;        /* that there were */
    uint32_t walked;       /* walks of their stacks */
    uint32_t tries;        /* rendezvous of all harts */
    uint64_t instructions[SWAP_PHASES]; /* of the hart that did it */
    struct why why;
};

/**
 * Asks for cell @p old to be replaced by @p new, another version of itself or another provider of its
 * interface. @p image is the object, which must stay until the swap is over; NULL: NEW.cell from the boot
 * archive. With @p dry_run everything is prepared and counted, and nothing changed. Never sleeps.
 * @return OK and @p ticket, which must be used up with swap_step(); ERR_NOMEM; ERR_NOT_FOUND no cell @p old
 * is loaded, or the archive has no @p new.
 */
MUST_CHECK enum status cell_swap(const char *old, const char *new, const void *image, size_t bytes,
                                 bool dry_run, uint64_t *ticket, struct why *why);
/** AGAIN until the swap is over: the caller is unparked then. Then OK, with its @p report, and the ticket
 *  is used up. */
MUST_CHECK enum status swap_step(uint64_t ticket, struct swap_report *report);
/** The last swaps, @p index 0 being the newest, up to 32. @return false past the oldest. */
bool swap_get(unsigned index, struct swap_report *report);

/** Waits for the end of the swap. */
static inline void swap_wait(uint64_t ticket, struct swap_report *report) REQUIRES(may_park);
static inline void swap_wait(uint64_t ticket, struct swap_report *report)
{
    while (swap_step(ticket, report) == AGAIN)
        task_park();
}

#endif
