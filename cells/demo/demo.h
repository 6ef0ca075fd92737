/* What the demonstrations share. */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>

#include "mail.h"
#include "own.h"
#include "swap.h"

#define MS 1000000u
#define PATIENCE_NS (5000 * MS) /* until what should go on counts as standing still */

/** Replaces cell @p old by @p new. @return whether it was done; if not, @p report says why. */
bool swap_once(const char *old, const char *new, struct swap_report *report) REQUIRES(may_park);

/** `demo channel`: @p swaps from one provider of channels to the other, under mail. @p pause: one each 100 ms, for a person.
 *  @return whether every swap was done, and all mail came once and in order. */
bool demo_channel(struct mail *mail, unsigned swaps, bool pause) REQUIRES(may_park);

#endif
