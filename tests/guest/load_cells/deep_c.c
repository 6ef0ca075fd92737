/* One of a chain of cells whose end is missing (load_cells.h). */
#include "dep.h"

EXPORT uint64_t deep_c(void)
{
    return provided_by_nobody() + 1;
}

DEP_CELL(deep_c, "Needs what is not there: for tests of the loader");
