/* One of a chain of cells (load_cells.h): needs dep_e. */
#include "dep.h"

EXPORT uint64_t dep_d(uint64_t x)
{
    return dep_e(10 * x + 4);
}

DEP_CELL(dep_d, "Link 4 of a chain, for tests of the loader");
