/* What a swap changes in the text of others: calls of the old cell, and the stubs of its functions. */
#ifndef NUCLEUS_PATCHES_H
#define NUCLEUS_PATCHES_H

#include "arena.h"
#include "cell_private.h"

struct patches {
    struct swap_report *report; /* counts them, and says what is wrong */
    struct text_pair *pairs; /* of buffer_kind */
    uint32_t count;
    bool back; /* they are undone, and the old cells serve again */
};

/** Computes all patches of the transaction, and what imports are bound to after it; report is set. Nothing else is
 *  changed. @return OK; ERR_LINK a new cell lacks a function, or a call does not reach it; ERR_NOMEM. pairs are to be
 *  freed in any case. */
enum status patches_make(struct patches *patches);
/** Who was interrupted between the two instructions of a pair does the first one again. @return whether so. */
bool patches_move_back(const struct patches *patches, struct registers *registers);

#endif
