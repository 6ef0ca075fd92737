/**
 * @file explain.h
 * Interface `explain`: what differs between the types that two cells tell of (docs/evolution.md).
 */
#ifndef MITOS_EXPLAIN_H
#define MITOS_EXPLAIN_H

#include <stddef.h>

#include "own.h"
#include "status.h"

/** A text of types: the content of a cell's section .mitos.types (types_object.h finds it). */
struct explain_text {
    const char *at;
    size_t bytes;
};

/**
 * Writes as a line into @p room bytes at @p to what differs first between an item of @p old and the same of @p new:
 * @p what is "import" or "export", "state" or "kind", @p name the function's or the kind's name, or "state".
 * @return ERR_NOT_FOUND nothing differs, or it is not in both; ERR_NOMEM.
 */
MUST_CHECK enum status explain_difference(struct explain_text old, struct explain_text new, const char *what,
                                          const char *name, char *to, size_t room);

#endif
