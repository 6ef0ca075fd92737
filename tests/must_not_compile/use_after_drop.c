/* What was dropped cannot be looked at any more.
 *
 * rejected by clang: calling function 'mapping_bytes' requires holding
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

size_t snippet(void);
size_t snippet(void)
{
    OWN(mapping) m = {0};
    size_t bytes = 0;

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return 0;
#ifdef WRONG
    mapping_drop(&m);
    bytes = mapping_bytes(&m);
#else
    bytes = mapping_bytes(&m);
    mapping_drop(&m);
#endif
    return bytes;
}
