/* A copy of a handle would be a second owner.
 *
 * rejected by lint: a handle is copied: there would be two owners
 * rule off: lint handle-copied
 */
#include "snippet.h"
#include "vm.h"

size_t snippet(mapping *m) BORROWS(*m);
size_t snippet(mapping *m)
{
#ifdef WRONG
    OWN(mapping) copy = *m;

    return copy.object != NULL;
#else
    return mapping_bytes(m);
#endif
}
