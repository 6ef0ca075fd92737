/* Arenas: where cells' text and read-only data lie. Blocks of 2 MiB near the nucleus, so that direct
 * calls always reach, each either executable or read-only data; vm maps an arena once, so loading and
 * swapping change no page table. Callers hold the transaction; no lock here. */
#ifndef NUCLEUS_ARENA_H
#define NUCLEUS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nucleus/live_text.h"

#define ARENA_ALIGN 64u

/** Room for @p bytes (at most 2 MiB) of text or read-only data, aligned to ARENA_ALIGN; NULL: none. */
void *arena_alloc(size_t bytes, bool executable);
/** Gives back what arena_alloc() returned for @p bytes, filled with trapping words. NULL is allowed. */
void arena_free(void *base, size_t bytes);
/** Whether @p address lies in an arena of text. May be asked without the transaction. */
bool arena_has_text(uint64_t address);

/**
 * Writes @p bytes (a multiple of 8, as both addresses are) into text or read-only data; @p from is in
 * the direct map; NULL: trapping words. Interrupts are off for at most 512 bytes at a time. fence.i is
 * the caller's.
 */
void text_write(void *to, const void *from, size_t bytes);
/** Writes one pair (text_write_pairs()). */
void text_write_pair(uint64_t address, const uint8_t bytes[8]);

#endif
