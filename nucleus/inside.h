/* Who is inside of cells that are to go: whose stack has a frame there, that of a task or that of a handler. */
#ifndef NUCLEUS_INSIDE_H
#define NUCLEUS_INSIDE_H

#include "cell_private.h"
#include "harts.h"

/* What was found. */
struct inside {
    char name[TASK_NAME_ROOM]; /* of the task, or of the idle task of the hart; "": nobody */
    uint64_t where;
    uint32_t tasks, walked; /* that there are; whose stacks were walked while all harts stood still */
};

/** These cells are to go; @p count of them, at most SWAP_MOST. Begins anew. For the transaction only, as all but
 *  hart_is_inside(). */
void inside_begin(struct inside *inside, const struct cell *const *cells, uint32_t count);
/** Marks the tasks that are outside, while the system runs: they need not be walked again unless they have run. */
void inside_look_beforehand(void);
/** Looks at all but the running task, while all other harts stand still, and lets those through (tasks_hold()) that must
 *  run on before the cells can go. @return whether there is one, or a handler; which is said in the struct. */
bool inside_find(void);
/** Whether a stack has a frame in @p cell, or one that cannot be walked, and where. */
bool is_inside(const struct cell *cell, const struct registers *registers, uint64_t low, uint64_t high,
               uint64_t *where);
/** Whether another hart is within @p cell, a scheduler: its functions run with interrupts off, so no task is that has
 *  no hart. All other harts stand still. */
bool hart_is_inside(const struct cell *cell);

#endif
