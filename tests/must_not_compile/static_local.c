/* A static local variable is writable storage outside of CELL_STATE.
 *
 * rejected by pack: calls.0: static local in .sbss (4 bytes)
 * rejected by lint: a static local variable that can change
 * rule off: lint static-local
 * rule off: pack static local in .sbss (4 bytes)
 */
#include "snippet.h"

#ifndef WRONG
struct snippet_state {
    int calls;
};
CELL_STATE(struct snippet_state);
#endif

int snippet(void);
int snippet(void)
{
#ifdef WRONG
    static int calls;

    return calls++;
#else
    return state.calls++;
#endif
}
