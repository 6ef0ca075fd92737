/* The end of a chain of cells (load_cells.h), and a holder of function addresses. */
#include "dep.h"
#include "hello.h"

EXPORT uint64_t dep_e(uint64_t x)
{
    return 10 * x + 5;
}

static uint64_t twice(uint64_t a, uint64_t b)
{
    return 2 * (a + b);
}

EXPORT void dep_e_pointers(struct dep_pointers *pointers)
{
    *pointers = (struct dep_pointers){.own_static = (uint64_t)twice,
                                      .own_exported = (uint64_t)dep_e,
                                      .of_other_cell = (uint64_t)hello_add};
}

DEP_CELL(dep_e, "The end of a chain, for tests of the loader");
