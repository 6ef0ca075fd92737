/* One of two cells that need each other (load_cells.h). */
#include "dep.h"

EXPORT uint64_t ring_b(uint64_t x)
{
    return x ? ring_a(x - 1) : 0;
}

DEP_CELL(ring_b, "Says whether a number is odd, with the help of ring_a");
