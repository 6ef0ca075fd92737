/* A handle in one struct is not that in another of the same type: each has to be given up where it is.
 *
 * rejected by clang: 'b->memory' that was not held
 * rejected by clang: 'a->memory' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

struct HOLDS window {
    mapping memory; /* snippet() drops it */
};

void snippet(struct window *a, struct window *b);
void snippet(struct window *a, struct window *b)
{
    if (!mapping_map(&a->memory, 4096, MAP_WRITE))
        return;
#ifdef WRONG
    mapping_drop(&b->memory);
#else
    mapping_drop(&a->memory);
    (void)b;
#endif
}
