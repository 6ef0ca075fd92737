/* Whoever asks for a swap waits for it or gives the request up.
 *
 * rejected by clang: 'request' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "swap.h"

void snippet(void);
void snippet(void)
{
    OWN(swap_request) request = {0};

    if (!cell_swap(&request, "uart", "uart", NULL, 0, false, NULL))
        return;
#ifndef WRONG
    (void)swap_drop(&request);
#endif
}
