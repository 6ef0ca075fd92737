/* Operations that GCC leaves to a library which the nucleus does not have are not used.
 *
 * rejected by pack: __divti3: called by the compiler itself, and not in abi/nucleus/runtime.h
 * rule off: pack called by the compiler itself, and not in abi/nucleus/runtime.h
 */
#include "snippet.h"

#ifdef WRONG
typedef __int128 number;
#else
typedef long number;
#endif

number snippet(number a, number b);
number snippet(number a, number b)
{
    return a / b;
}
