/* The type of a function pointer cannot say what becomes of a handle: such a call is wrapped in a function that
 * can, and that is UNCHECKED for it.
 *
 * rejected by clang: 'm' is not held on every path through here
 * rejected by lint: a handle goes through a function pointer, which has no annotations
 * rule off: clang -Wno-thread-safety-analysis
 * rule off: lint handle-by-pointer
 */
#include "snippet.h"
#include "vm.h"

typedef void (*drop_function)(mapping *m);

#ifndef WRONG
static void drop_by(drop_function drop, mapping *m) TAKES(*m) UNCHECKED
{
    drop(m);
}
#endif

void snippet(drop_function drop);
void snippet(drop_function drop)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
#ifdef WRONG
    drop(&m);
#else
    drop_by(drop, &m);
#endif
}
