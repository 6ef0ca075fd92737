/* A copy of a struct with a handle in it is a copy of the handle.
 *
 * rejected by lint: a struct with a handle in it is copied: there would be two owners
 * rule off: lint handle-copied-within
 */
#include "snippet.h"
#include "vm.h"

struct HOLDS window {
    mapping memory; /* who closes the window drops it */
    unsigned column;
};

void snippet(struct window *to, const struct window *from);
void snippet(struct window *to, const struct window *from)
{
#ifdef WRONG
    *to = *from;
#else
    to->column = from->column;
#endif
}
