/* Probation: what a swap brought is watched for a while (nucleus/swap.h, SWAP_ROLLBACK). */
#ifndef PROBATION_H
#define PROBATION_H

#include <stdbool.h>
#include <stdint.h>

#include "own.h"
#include "swap.h"

#define TRIALS_MOST 8u

/* A swap whose old versions are kept. */
struct trial {
    uint64_t swap;   /* its number; 0: none */
    uint64_t ticks;  /* when it was done */
};

struct probation {
    struct trial trials[TRIALS_MOST];
    uint64_t seen; /* the last swap that was looked at */
};

#define PROBATION_NONE UINT64_MAX
/** Takes up new swaps. @return in how many ns the next probation ends, 0: now; PROBATION_NONE: there is none. */
uint64_t probation_next(struct probation *probation);
/** Ends those whose time is over: by check(), for good or not. */
void probation_settle(struct probation *probation) REQUIRES(may_park);
/** Whether @p cell comes in a swap that is under way: it may serve already, and whether it stays is not decided. */
bool probation_is_coming(const char *cell);
/** Whether @p cell is on probation, and was so at @p ticks. */
bool probation_covers(struct probation *probation, const char *cell, uint64_t ticks);
/** Brings the old version of @p cell back. @return whether; if not, @p why says why. */
bool roll_back(const char *cell, struct swap_report *report, struct why *why) REQUIRES(may_park);

#endif
