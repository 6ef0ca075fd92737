/* An export that the manifest does not give to this part: others would call it.
 *
 * rejected: hello_add: exported, but this part exports only these: none; make it static, or leave EXPORT out
 * rule off: exported, but this part exports only these
 */
#include "cell.h"
#include "hello.h"

#ifdef WRONG
EXPORT uint64_t hello_add(uint64_t a, uint64_t b)
{
    return a + b;
}
#else
static inline uint64_t add(uint64_t a, uint64_t b)
{
    return a + b;
}
#endif
