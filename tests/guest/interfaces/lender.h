/**
 * @file lender.h
 * The cell whose text and read-only data reclaim_tests points to (tests/guest/reclaim_tests).
 */
#ifndef MITOS_LENDER_H
#define MITOS_LENDER_H

#include <stdint.h>

#define LENDER_TEXT "lent by the lender"

/** A text in the cell's read-only data. */
const char *lender_text(void);
/** @p x + 1. */
uint64_t lender_add(uint64_t x);

#endif
