/* The swap under way: the swap task's alone. */
#ifndef NUCLEUS_SWAP_PRIVATE_H
#define NUCLEUS_SWAP_PRIVATE_H

#include "patches.h"

/** Its pairs are those of the transaction. */
extern struct patches current;

/** Counts instructions from here; and to here, for @p phase of the report. */
void phase_begin(void);
void phase_over(enum swap_phase phase);
/** Finds out which tasks are outside of the cells that leave, while the system runs. */
void look_at_tasks(void);
/** The way from where the system is to having the others serve: those that are new, or, with current.back, the old. @return
 *  OK; or why not, then nothing has changed. */
enum status cross(void) REQUIRES(may_park);
/** Behind the last cross(): frees what that has kept, so that there is memory for a way back. */
void evolve_end(void);
/** Calls start() of old cells that serve again: what came between may have set up hardware otherwise. */
void start_again(void);
/** Goes back to the old cells. On failure the new ones serve on, though one could not start. */
enum status go_back(void) REQUIRES(may_park);
/** Schedulers that go on where another one was begin anew: what is in their queues was ready at another time. */
enum status begin_anew(void);

#endif
