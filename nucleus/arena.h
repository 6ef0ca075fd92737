/* Arenas: where cells' text and read-only data lie. Blocks of 2 MiB near the nucleus, so that direct
 * calls always reach, each either executable or read-only data; vm maps an arena once, so loading and
 * swapping change no page table. Handed out in granules. Callers hold the transaction; no lock here. */
#ifndef NUCLEUS_ARENA_H
#define NUCLEUS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_GRANULE_BYTES 256u

void arena_init(void);
/** @p bytes (1 .. 2 MiB) of text or read-only data room; NULL when there is no memory. */
void *arena_alloc(size_t bytes, bool executable);
/** Gives back what arena_alloc() returned for the same @p bytes, filled with trapping words. */
void arena_free(void *block, size_t bytes);

/**
 * Writes @p bytes (a multiple of 8, as both addresses are) into text or read-only data; @p from is in
 * the direct map. Interrupts are off for at most 512 bytes at a time. fence.i is the caller's.
 */
void text_write(void *to, const void *from, size_t bytes);
/** Writes one word at an 8-aligned address. */
void text_write_word(uint64_t address, uint64_t word);
/** Writes 8 bytes at any address: for call sites, which are 2-aligned. Nobody may be executing them. */
void text_write_pair(uint64_t address, const uint8_t pair[8]);

#endif
