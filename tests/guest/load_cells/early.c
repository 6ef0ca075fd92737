/* A cell whose start() faults, and which needs no other: first in a boot set, it does so before the console. */
#include <stdint.h>

#include "cell.h"

static enum status early_start(enum cell_reason reason)
{
    volatile uint64_t address = 8; /* which the compiler must not know */

    *(volatile uint64_t *)address = reason;
    return OK;
}

CELL(.name = "early", .version = "1.0", .summary = "Faults in start(): for tests of the boot",
     .start = early_start);
