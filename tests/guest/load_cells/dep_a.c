/* One of a chain of cells (load_cells.h): needs dep_b. */
#include "dep.h"

EXPORT uint64_t dep_a(uint64_t x)
{
    return dep_b(10 * x + 1);
}

DEP_CELL(dep_a, "Link 1 of a chain, for tests of the loader");
