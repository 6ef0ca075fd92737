/**
 * @file nucleus/still.h
 * All tasks, and what harts do that stand still for this one: for the look at zombies (reclaim.h).
 */
#ifndef MITOS_NUCLEUS_STILL_H
#define MITOS_NUCLEUS_STILL_H

#include <stdint.h>

#include "task.h"

/** Calls @p visit for every task while the system runs, the list's lock held for one at a time: that task can
 *  run meanwhile, but its head and stack stay. Of tasks made or removed meanwhile some are not seen. For the
 *  transaction only. */
void task_each_apart(void (*visit)(struct task *task, void *argument), void *argument);

/* These while all other harts stand still, and so nobody changes the list. They take no lock. */
/** Every task. Start with NULL. */
struct task *task_next(const struct task *after);
/** What a task that does not run here was doing: where its hart stands still, else its saved registers. */
const struct registers *task_context(const struct task *task);
/** What hart @p index was doing in the handler number @p level of those that run inside of each other there, whose
 *  stack is [*@p low, *@p high). @return NULL: there are no more. */
const struct registers *handler_context(unsigned index, unsigned level, uint64_t *low, uint64_t *high);

#endif
