/* The analysis does not follow a second pointer to a handle: a drop through it would go unseen.
 *
 * rejected by lint: a local pointer to a handle: the analysis does not follow it
 * rule off: lint handle-aliased
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
    const mapping *alias = &m;

    bytes = alias->object != NULL;
#endif
    bytes += mapping_bytes(&m);
    mapping_drop(&m);
    return bytes;
}
