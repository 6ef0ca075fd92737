/* A declared handle is empty: there is nothing to borrow.
 *
 * rejected by clang: calling function 'mapping_protect' requires holding
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

void snippet(void);
void snippet(void)
{
    OWN(mapping) m = {0};

#ifdef WRONG
    mapping_protect(&m, MAP_READ);
#endif
    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
    mapping_drop(&m);
}
