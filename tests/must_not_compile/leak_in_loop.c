/* A handle that is made again in each round of a loop must be given up in each round.
 *
 * rejected by clang: 'm' to be held at start of each loop
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

void snippet(unsigned rounds);
void snippet(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        OWN(mapping) m = {0};

        if (!mapping_map(&m, 4096, MAP_WRITE))
            return;
#ifdef WRONG
        if (i == 3)
            continue;
#endif
        mapping_drop(&m);
    }
}
