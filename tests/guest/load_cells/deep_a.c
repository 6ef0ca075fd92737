/* One of a chain of cells whose end is missing (load_cells.h). */
#include "dep.h"

EXPORT uint64_t deep_a(void)
{
    return deep_b() + 1;
}

DEP_CELL(deep_a, "Needs what is not there: for tests of the loader");
