/* One of a chain of cells whose end is missing (load_cells.h). */
#include "dep.h"

EXPORT uint64_t deep_b(void)
{
    return deep_c() + 1;
}

DEP_CELL(deep_b, "Needs what is not there: for tests of the loader");
