/**
 * @file notes.h
 * The test cell `notes` (tests/guest/evolve_cells), in versions whose layouts differ: it keeps notes for clients, who
 * hold their addresses.
 */
#ifndef MITOS_NOTES_H
#define MITOS_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plans.h"

/** What can go wrong (plans.h): at the step of a migration with the planned number. 0 is the state's, 1 the first note's. */
enum notes_plan {
    NOTES_NOTHING,
    NOTES_FAILS,
    NOTES_SAYS_AGAIN,
    NOTES_FAULTS,
    NOTES_LOOPS,
    NOTES_WAITS_FOR_A_LOCK,
    NOTES_START_FAILS, /* whatever the number is */
    NOTES_START_FAILS_LATE, /* the same, some 5 ms after the version serves */
};
#define NOTES_DAMAGED (~0ul)

struct note;

/** Version of the text that serves. */
unsigned notes_version(void);
/** A note of @p value, less than 2^32; NULL: no memory. */
struct note *notes_make(uint64_t value);
void notes_drop(struct note *note);
/** @return its value, or NOTES_DAMAGED: the note is none any more. */
uint64_t notes_value(const struct note *note);
/** Makes @p count notes of the values 0, 1 ..., once all harts have stood still for a swap, or something like it. Sets
 *  @p inside first. @return how many there was memory for. */
unsigned notes_make_late(struct note **notes, unsigned count, uint32_t *inside);

/** Buffers; NULL: no memory. */
void *notes_scrap(size_t bytes);
void notes_scrap_drop(void *scrap);
/** Makes an object of a kind that one version does not know, or frees it. @return false: it cannot. */
bool notes_odd(bool make);

struct notes_figures {
    uint64_t hits, first, second; /* counted by notes_hit(): 1, 10 and 100 for each */
    uint64_t added;               /* a member that later versions have; 0: this one has it not */
};
void notes_hit(void);
void notes_figures(struct notes_figures *figures);

#endif
