/* The part of the cell's state that is the history of swaps. */
#ifndef SWAPS_H
#define SWAPS_H

#include "cell.h"
#include "nucleus/spinlock.h"
#include "status.h"
#include "swap_log.h"

struct swap_log {
    struct spinlock lock;
    /* lock guards: */
    uint64_t last; /* number */
    struct swap_report *records; /* SWAP_RECORDS of them, in frames: who looks for what leads into a cell that was
                                    replaced looks through all states, twice a swap. NULL before start() */
};

/** faults.c */
struct swap_log *swap_log(void);

/** faults.c: wakes who waits for faults, for another reason. */
void waiter_wake(void);
/** @return ERR_NOMEM. */
enum status swap_log_start(void);
void swap_log_stop(void);

#endif
