/* Who borrows a handle does not own it, and cannot drop it.
 *
 * rejected by clang: using exclusive access, expected shared access
 * rejected by clang: to be held at the end of function
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
size_t snippet(mapping *m) BORROWS(*m);
#else
size_t snippet(mapping *m) TAKES(*m);
#endif
size_t snippet(mapping *m)
{
    size_t bytes = mapping_bytes(m);

    mapping_drop(m);
    return bytes;
}
