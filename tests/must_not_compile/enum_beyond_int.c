/* GCC leaves a value that is no int out of BTF, so a signature would not change with it (docs/evolution.md).
 *
 * rejected by lint: an enumerator that is no int
 * rule off: lint enum-beyond-int
 */
#include "snippet.h"

#ifdef WRONG
enum flag { FIRST = 1, LAST = 0x80000000 };
#else
enum flag { FIRST = 1, LAST = 0x40000000 };
#endif

enum flag snippet(void);
enum flag snippet(void)
{
    return LAST;
}
