/* A cell's only writable storage is its CELL_STATE block.
 *
 * rejected by pack: counter: writable data in .sbss (4 bytes)
 * rejected by lint: a global variable that can change
 * rule off: lint mutable-global
 * rule off: pack writable data in .sbss (4 bytes)
 */
#include "snippet.h"

#ifdef WRONG
static int counter;
#else
struct snippet_state {
    int counter;
};
CELL_STATE(struct snippet_state);
#define counter state.counter
#endif

int snippet(void);
int snippet(void)
{
    return counter++;
}
