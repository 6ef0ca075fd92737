/* The cell that is swapped. */
#include "cell.h"
#include "pause_cells.h"

EXPORT uint64_t pause_step(uint64_t x)
{
    for (unsigned i = 0; i < 2000; i++)
        __atomic_signal_fence(__ATOMIC_SEQ_CST); /* so that the loop stays */
    return x + 1;
}

CELL(.name = "pause", .version = "1.0", .summary = "A function that others call, for swaps");
