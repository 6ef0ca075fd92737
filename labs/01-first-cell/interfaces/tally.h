/**
 * @file tally.h
 * Interface `tally`: numbers, and what is known of all of them. Lab 1's library cell provides it.
 *
 * The numbers themselves are not kept. None of these sleeps; one task at a time calls them.
 */
#ifndef LAB_TALLY_H
#define LAB_TALLY_H

#include <stdint.h>

#include "status.h"

/** The largest number that a tally takes. A sum of as many as anybody adds fits into 64 bits. */
#define TALLY_LARGEST 1000000u

/** Adds a number. @return OK; ERR_INVALID it is above TALLY_LARGEST: nothing has changed. */
MUST_CHECK enum status tally_add(uint64_t number);
/** How many were added. */
uint64_t tally_count(void);
/** The largest of them; 0: none was added. */
uint64_t tally_largest(void);
/** Their mean; 0: none was added. Version 1.0 rounds down, version 1.1 to the nearest number (a half: up). */
uint64_t tally_mean(void);

#endif
