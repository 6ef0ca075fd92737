/* Calls the cell victim (swap_cells.h). */
#include "cell.h"
#include "swap_cells.h"

EXPORT uint64_t caller_answer(uint64_t x)
{
    return victim_answer(x);
}

EXPORT uint64_t (*caller_pointer(void))(uint64_t x)
{
    return victim_answer;
}

#define TICK_4 victim_tick(); victim_tick(); victim_tick(); victim_tick();
#define TICK_16 TICK_4 TICK_4 TICK_4 TICK_4

/* One instruction in three is the second of a pair that leads to the victim. */
EXPORT void caller_ticks(void)
{
    TICK_16 TICK_16 TICK_16 TICK_16
}

CELL(.name = "swap_caller", .version = "1.0", .summary = "Calls the cell victim, for tests of swaps");
