/* A borrow ends with the call: whoever keeps the address of a handle could use it after its drop.
 *
 * rejected by lint: the address of a handle is kept: a borrow ends with the call
 * rule off: lint borrow-kept
 */
#include "snippet.h"
#include "vm.h"

struct window {
    const mapping *memory;
    const void *first;
};

void snippet(struct window *window, const mapping *m) BORROWS(*m);
void snippet(struct window *window, const mapping *m)
{
#ifdef WRONG
    window->memory = m;
#endif
    window->first = mapping_address(m);
}
