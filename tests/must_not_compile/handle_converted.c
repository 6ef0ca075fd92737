/* The address of a handle keeps its type.
 *
 * rejected by lint: the address of a handle is converted: the analysis loses sight of it
 * rule off: lint handle-converted
 */
#include "snippet.h"
#include "vm.h"

const void *snippet(const mapping *m) BORROWS(*m);
const void *snippet(const mapping *m)
{
#ifdef WRONG
    return m;
#else
    return mapping_address(m);
#endif
}
