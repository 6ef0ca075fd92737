/**
 * @file nucleus/swap.h
 * Replacing a cell while the system runs: what can be asked for, and what came of it. swap.h says how to ask.
 *
 * A task of the nucleus swaps, so that every cell can be replaced, that which asks, the shell, and the queue of requests
 * included. One swap runs at a time. Either the new cell serves all callers from one moment on, or nothing has changed
 * (INV-SWAP-1).
 */
#ifndef MITOS_NUCLEUS_SWAP_H
#define MITOS_NUCLEUS_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../status.h"
#include "cells.h"
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

#define SWAP_MOST 8u /* cells that one swap can replace */

/** What is wanted. */
enum swap_action {
    SWAP_REPLACE,
    SWAP_ROLLBACK, /* the kept version serves again, of the named cell and of all that came in one swap with it */
    SWAP_FOR_GOOD  /* the kept versions of these go: the end of their probation */
};

/** A cell, and what comes in its place. */
struct swap_cells {
    char old[CELL_NAME_ROOM], new[CELL_NAME_ROOM];
    char old_version[16], new_version[16];
};

struct swap_report {
    uint64_t number; /* since boot, from 1 */
    enum swap_action action;
    uint32_t count; /* of cells */
    struct swap_cells cells[SWAP_MOST];
    bool probation; /* the old ones are kept, and can serve again */
    uint64_t ticks; /* when the new ones began to serve; 0: they do not */
    enum status status; /* AGAIN until it is over; ERR_CANCELLED: taken back before its turn came */
    bool begun;
    bool done; /* the new cell serves */
    bool dry_run;
    uint32_t sites, stubs; /* patched */
    uint32_t tasks, walked; /* tasks that there were; whose stacks were walked, in all tries */
    uint32_t moved;         /* that were amid a pair that was patched, and do it again */
    uint32_t tries;         /* how often all harts were held */
    uint32_t objects;       /* brought into another layout, states included */
    uint64_t instructions[SWAP_PHASES]; /* of the hart that swapped */
    uint64_t pause; /* the longest time that all harts stood still, reclaim included; in the same */
    struct why why;
};

/** What is asked for. Rollback and commit name one cell, as pairs[0].old. */
struct swap_order {
    enum swap_action action;
    bool dry_run;   /* all up to the first change is done, and undone */
    bool probation; /* the old versions are kept, if there is a way back from the new ones (evolve.h) */
    uint32_t count; /* 1 to SWAP_MOST */
    struct swap_pair {
        const char *old, *new; /* a loaded cell; NEW.cell of the archive */
        const void *image;     /* or, unless NULL, this object of @p bytes */
        size_t bytes;
    } pairs[SWAP_MOST];
};

/** One swap, as the nucleus' swap task does it. Hook swap_next of swap.h hands it out. */
struct swap_job {
    struct swap_order order;
    struct swap_report report; /* number, action, count and names are set; all else is zero */
};

/** Wakes the swap task: it does what swap_next() hands out, one after another, until that is nothing. */
void swap_wake(void);

#endif
