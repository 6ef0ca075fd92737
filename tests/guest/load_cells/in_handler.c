/* A cell whose start() makes the other harts fault, each in the handler of an interrupt. */
#include <stdint.h>

#include "cell.h"
#include "nucleus/hart.h"

static void store_elsewhere(void *starter)
{
    volatile uint64_t address = 8; /* which the compiler must not know */

    if (hart_index() != *(const unsigned *)starter)
        *(volatile uint64_t *)address = 1;
}

static enum status in_handler_start(enum cell_reason reason)
{
    unsigned starter = hart_index();

    (void)reason;
    hart_each(store_elsewhere, &starter);
    return OK;
}

CELL(.name = "in_handler", .version = "1.0", .summary = "Faults in a handler: for tests of reports",
     .start = in_handler_start);
