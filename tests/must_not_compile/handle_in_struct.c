/* A handle is a member of a struct only where that struct says that it HOLDS some, and who gives them up.
 *
 * rejected by lint: a handle in a struct that does not say HOLDS: nobody is known to give it up
 * rule off: lint handle-in-struct
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
struct window {
#else
struct HOLDS window {
#endif
    mapping memory; /* window_close() drops it */
    unsigned column;
};

void window_close(struct window *window) TAKES(window->memory);
void window_close(struct window *window)
{
    window->column = 0;
    mapping_drop(&window->memory);
}
