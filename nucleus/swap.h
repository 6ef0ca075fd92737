/* One swap (swap.c), as the swap task does it. */
#ifndef NUCLEUS_SWAP_H
#define NUCLEUS_SWAP_H

#include "nucleus/swap.h"

struct unit;

/** Swaps as @p report says, from the archive or from @p image, and fills the report in. In the swap task only. */
enum status swap_run(struct swap_report *report, const void *image, size_t bytes) REQUIRES(may_park);

/** What a task that does not run here was doing: where its hart stands still, else its saved registers. All
 *  other harts stand still. */
const struct registers *swap_context_of(const struct task *task);


#endif
