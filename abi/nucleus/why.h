/**
 * @file nucleus/why.h
 * The explanation of a failure, for a person: which thing, what is wrong with it, what to do next.
 *
 * Owned by the caller, who passes NULL when it does not care. A failing function sets the text once;
 * its callers put their part in front: "busy: needs clock_now(), ...".
 */
#ifndef MITOS_NUCLEUS_WHY_H
#define MITOS_NUCLEUS_WHY_H

#include "../status.h"

struct why {
    char text[256]; /* cut with "..." when longer */
};

/** Sets the text and returns @p status, so that a caller can write `return why_set(why, ERR_..., ...)`. */
enum status why_set(struct why *why, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** Puts "@p prefix: " in front of the text. */
void why_prefix(struct why *why, const char *prefix);

#endif
