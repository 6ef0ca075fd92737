/* Without OWN the drop would be left out when a fault cuts the function short.
 *
 * rejected by lint: a handle without OWN: a fault would not drop it
 * rule off: lint handle-not-own
 */
#include "snippet.h"
#include "vm.h"

void snippet(void);
void snippet(void)
{
#ifdef WRONG
    mapping m = {0};
#else
    OWN(mapping) m = {0};
#endif

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
    mapping_drop(&m);
}
