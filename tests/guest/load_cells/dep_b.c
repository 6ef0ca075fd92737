/* One of a chain of cells (load_cells.h): needs dep_c. */
#include "dep.h"

EXPORT uint64_t dep_b(uint64_t x)
{
    return dep_c(10 * x + 2);
}

DEP_CELL(dep_b, "Link 2 of a chain, for tests of the loader");
