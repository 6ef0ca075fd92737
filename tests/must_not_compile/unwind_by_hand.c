/* The unwind function drops what is held, whatever that is, so the analysis cannot count it: only the unwinder
 * calls it.
 *
 * rejected by lint: a call of an unwind function, which is the unwinder's: drop the handle
 * rejected by clang: 'm' is not held on every path through here
 * rule off: lint bare-unwind
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

void snippet(void);
void snippet(void)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
#ifdef WRONG
    mapping_unwind(&m);
#else
    mapping_drop(&m);
#endif
}
