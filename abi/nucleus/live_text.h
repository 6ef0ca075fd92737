/**
 * @file nucleus/live_text.h
 * Text of cells as it runs: where a fault is cleaned up after, and how to write instructions. For tools that change
 * for a while what others execute, such as inject.h.
 */
#ifndef MITOS_NUCLEUS_LIVE_TEXT_H
#define MITOS_NUCLEUS_LIVE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"

/** Eight bytes of text, a pair of instructions at any even address: what they were, and what they become. */
struct text_pair {
    uint64_t address, was, becomes;
};
/** Writes all @p pairs, which are in the direct map: what they become, or, unless @p forward, what they were.
 *  Nobody may be executing what changes but for one instruction that is replaced as a whole. harts_fence_i()
 *  is the caller's. */
void text_write_pairs(const struct text_pair *pairs, uint64_t count, bool forward)
    REQUIRES(irqs_off);
/** fence.i on all harts; returns when all have done it. */
void harts_fence_i(void);

/**
 * Whether @p pc is in the text of a cell, and a fault there is cleaned up after: GCC has a call site for it, its
 * function, which begins at @p start, has nothing to clean up, or has not begun yet.
 */
bool unwind_expects(uint64_t pc, uint64_t *start);

/**
 * Calls @p function(@p argument), guarded, while no cell comes, goes or is replaced.
 * @return what it returned; ERR_BUSY a load, unload or swap is under way; ERR_FAULT.
 */
enum status cells_stay(enum status (*function)(void *argument), void *argument);

#endif
