/* A handle is given up once.
 *
 * rejected by clang: 'm' that was not held
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

enum status snippet(void);
enum status snippet(void)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return ERR_NOMEM;
    mapping_drop(&m);
#ifdef WRONG
    mapping_drop(&m);
#endif
    return OK;
}
