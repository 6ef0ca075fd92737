/* What a cell calls is declared by a header of abi/, not by the cell itself.
 *
 * rejected by pack: clock_secret: imported, but no header of abi/ declares it
 * rule off: pack imported, but no header of abi/ declares it
 */
#include "snippet.h"
#include "clock.h"

#ifdef WRONG
uint64_t clock_secret(void);
#define clock_now_ns clock_secret
#endif

uint64_t snippet(void);
uint64_t snippet(void)
{
    return clock_now_ns();
}
