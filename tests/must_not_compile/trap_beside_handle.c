/* The same of __builtin_trap(). The nucleus has panic(), which is a call.
 *
 * rejected by gaps: trap, and GCC takes it for unable to fault
 * rule off: gaps snippet trap
 */
#include "snippet.h"
#include "nucleus/machine.h"
#include "vm.h"

void snippet(void);
void snippet(void)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
    if (mapping_bytes(&m) == 0)
#ifdef WRONG
        __builtin_trap();
#else
        panic("a mapping of nothing");
#endif
    mapping_drop(&m);
}
