/* Cells with many calls of another one: PAUSE_CELL(100, TEN(TEN(CALL))) makes the cell pause_100. */
#ifndef PAUSE_SITES_H
#define PAUSE_SITES_H

#include "cell.h"
#include "pause_cells.h"

#define CALL x = pause_step(x);
#define FIVE(what) what what what what what
#define TEN(what) FIVE(what) FIVE(what)

#define PAUSE_CELL(sites, calls)                                                                   \
    EXPORT uint64_t pause_##sites(uint64_t x)                                                      \
    {                                                                                              \
        calls return x;                                                                            \
    }                                                                                              \
    CELL(.name = "pause_" #sites, .version = "1.0", .summary = #sites " calls of pause_step()")

#endif
