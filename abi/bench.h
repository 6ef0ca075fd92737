/**
 * @file bench.h
 * Benchmarks: cells contribute them, the command `bench` runs them and shows minimum and median.
 */
#ifndef MITOS_BENCH_H
#define MITOS_BENCH_H

#include <stdint.h>

#include "cell.h"
#include "own.h"
#include "status.h"

/**
 * One figure. run() does the thing once (or often, and divides) and says what one time cost, in
 * instructions of this hart (hart_instructions()), which are exact under -icount with one hart.
 * It must not measure across an idle wait: virtual time, and with it the counter, jumps there.
 */
struct benchmark {
    const char *name;
    const char *help; /* what is measured, one line */
    uint64_t goal;    /* instructions; 0: none is set */
    const char *cell; /* measured only while this cell is loaded; NULL: always */
    unsigned runs;    /* how many make a good median, 1 to BENCH_MAX_RUNS */
    enum status (*run)(uint64_t *instructions); /* holds may_park, see command.h */
};

#define BENCH_MAX_RUNS 101u

#define BENCH(ident, ...)                                                                          \
    CELL_SET_ENTRY(bench, struct benchmark, ident) = {.name = #ident, __VA_ARGS__}

#endif
