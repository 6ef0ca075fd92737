/* A handle outside of every block and every object is given up by nobody.
 *
 * rejected by lint: a handle in a variable that no block ends
 * rejected by lint: a global variable that can change
 * rejected by pack: writable data in .sbss
 * rule off: lint handle-global
 * rule off: lint mutable-global
 * rule off: pack writable data in .sbss
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
static mapping memory;
#endif

void snippet(void);
void snippet(void)
{
#ifndef WRONG
    OWN(mapping) memory = {0};
#endif

    if (!mapping_map(&memory, 4096, MAP_WRITE))
        return;
    mapping_drop(&memory);
}
