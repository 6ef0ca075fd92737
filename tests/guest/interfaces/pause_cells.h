/**
 * @file pause_cells.h
 * Cells for measuring and testing swaps (tests/guest/pause_cells): `pause` is swapped by itself, the cells
 * pause_1 to pause_5000 have as many calls of its function.
 */
#ifndef MITOS_PAUSE_CELLS_H
#define MITOS_PAUSE_CELLS_H

#include <stdint.h>

/** Takes a moment. @return @p x + 1. */
uint64_t pause_step(uint64_t x);
/** These call it as often as their names say. @return @p x and that number. */
uint64_t pause_1(uint64_t x);
uint64_t pause_10(uint64_t x);
uint64_t pause_100(uint64_t x);
uint64_t pause_1000(uint64_t x);
uint64_t pause_5000(uint64_t x);

#endif
