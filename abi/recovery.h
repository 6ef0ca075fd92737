/**
 * @file recovery.h
 * Interface `recovery`: what is done after a fault, beyond the end of its task (cells/recovery). It acts by itself;
 * this is how to keep it from that.
 */
#ifndef MITOS_RECOVERY_H
#define MITOS_RECOVERY_H

#include "own.h"

/** While one lives, nothing is done after a fault, then or later, and no probation ends: for tests, and to watch a cell
 *  that is broken. Probations whose time is over by then end up to 100 ms after it. */
typedef struct LINEAR("recovery_hold") recovery_hold {
    unsigned held; /* 1, or 0: empty */
} recovery_hold;

/** What is under way already goes on. Never fails. */
void recovery_hold_begin(recovery_hold *hold) MAKES(*hold);
/** The drop. */
void recovery_hold_end(recovery_hold *hold) TAKES(*hold);
void recovery_hold_unwind(recovery_hold *hold) UNCHECKED;

#endif
