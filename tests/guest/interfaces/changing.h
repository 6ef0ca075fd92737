/**
 * @file changing.h
 * What the test cell `changing` exports. Its second version lacks changing_sum().
 */
#ifndef MITOS_CHANGING_H
#define MITOS_CHANGING_H

#include <stdint.h>

/** Adds @p value. */
void changing_note(unsigned value);
/** The sum. */
uint64_t changing_sum(void);

#endif
