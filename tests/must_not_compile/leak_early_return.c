/* A handle that is still owned when the function returns early is a leak.
 *
 * rejected by clang: 'm' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

enum status snippet(bool ready);
enum status snippet(bool ready)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return ERR_NOMEM;
    if (!ready) {
#ifndef WRONG
        mapping_drop(&m);
#endif
        return ERR_INVALID;
    }
    mapping_drop(&m);
    return OK;
}
