/* State is zeroed at load, so it has no initial value.
 *
 * rejected by pack: state: has an initial value at byte 0; state is zeroed at load
 * rule off: pack has an initial value at byte 0; state is zeroed at load
 */
#include "snippet.h"

struct snippet_state {
    int counter;
};
#ifdef WRONG
CELL_STATE(struct snippet_state) = {.counter = 1};
#else
CELL_STATE(struct snippet_state);
#endif

int snippet(void);
int snippet(void)
{
    return state.counter++;
}
