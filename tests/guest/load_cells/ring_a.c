/* One of two cells that need each other (load_cells.h). */
#include "dep.h"

EXPORT uint64_t ring_a(uint64_t x)
{
    return x ? ring_b(x - 1) : 1;
}

DEP_CELL(ring_a, "Says whether a number is even, with the help of ring_b");
