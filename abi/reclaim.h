/**
 * @file reclaim.h
 * Interface `reclaim`: whether something still points into a cell that was replaced (nucleus/records.h, zombie).
 */
#ifndef MITOS_RECLAIM_H
#define MITOS_RECLAIM_H

#include "status.h"

struct cell;
struct registers;

/**
 * For the nucleus (hook), within a transaction: half of a look for words that lead into @p zombie. With @p here NULL
 * the system runs: all but what tasks have is looked at. Else all other harts stand still, the running task is at
 * @p here, and tasks and handlers are looked at; no lock is taken.
 * @return OK: nothing was found, and zombie->holder is NULL; ERR_BUSY: zombie->holder is where; ERR_FAULT: from the
 * nucleus, when a fault cut the look short, or nobody provides it.
 */
enum status zombie_look(struct cell *zombie, const struct registers *here);

#endif
