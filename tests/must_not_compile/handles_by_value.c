/* A handle is neither passed nor returned by value: that would be a copy.
 *
 * rejected by lint: a handle is passed by value: pass its address
 * rejected by lint: a handle is returned by value: let the caller pass its address
 * rule off: lint handle-by-value
 * rule off: lint handle-returned
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
mapping snippet(mapping m);
mapping snippet(mapping m)
{
    return m;
}
#else
size_t snippet(const mapping *m) BORROWS(*m);
size_t snippet(const mapping *m)
{
    return mapping_bytes(m);
}
#endif
