/* Whether a creation succeeded must be looked at.
 *
 * rejected by gcc: ignoring return value of 'mapping_map'
 * rejected by clang: ignoring return value of function
 * rule off: clang -Wno-unused-result
 * rule off: gcc -Wno-unused-result
 */
#include "snippet.h"
#include "vm.h"

void snippet(void);
void snippet(void)
{
    OWN(mapping) m = {0};

#ifdef WRONG
    mapping_map(&m, 4096, MAP_WRITE);
#else
    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
    mapping_drop(&m);
#endif
}
