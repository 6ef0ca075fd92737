/* A handle is owned only where its creation is known to have succeeded.
 *
 * rejected by clang: calling function 'mapping_protect' requires holding
 * rejected by clang: 'm' that was not held
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

bool snippet(void);
bool snippet(void)
{
    OWN(mapping) m = {0};
    bool made = mapping_map(&m, 4096, MAP_WRITE);

#ifndef WRONG
    if (!made)
        return false;
#endif
    mapping_protect(&m, MAP_READ);
    mapping_drop(&m);
    return made;
}
