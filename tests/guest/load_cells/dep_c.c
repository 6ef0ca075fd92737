/* One of a chain of cells (load_cells.h): needs dep_d. */
#include "dep.h"

EXPORT uint64_t dep_c(uint64_t x)
{
    return dep_d(10 * x + 3);
}

DEP_CELL(dep_c, "Link 3 of a chain, for tests of the loader");
