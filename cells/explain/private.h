/**
 * @file private.h
 * What the files of this cell share: memory.
 */
#ifndef MITOS_EXPLAIN_PRIVATE_H
#define MITOS_EXPLAIN_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "own.h"
#include "types_say.h"

/** Memory that ends with the call: a comparison is larger than what a stack should hold. */
typedef struct LINEAR("scratch") scratch {
    void *bytes;
} scratch;
bool scratch_make(scratch *room, size_t bytes) TRY_MAKES(*room);
void scratch_drop(scratch *room) TAKES(*room);
void scratch_unwind(scratch *room) UNCHECKED;

#endif
