/* The part of the cell's state that is the history of swaps. */
#ifndef SWAPS_H
#define SWAPS_H

#include "cell.h"
#include "nucleus/spinlock.h"
#include "swap_log.h"

struct swap_log {
    struct spinlock lock;
    /* lock guards: */
    uint64_t last; /* number */
    struct swap_report records[SWAP_RECORDS];
};

/** faults.c */
struct swap_log *swap_log(void);

#endif
