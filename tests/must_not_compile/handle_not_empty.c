/* A handle begins empty: a fault before it is made would drop what happens to be on the stack.
 *
 * rejected by lint: a handle without = {0}: a fault would drop what was never made
 * rule off: lint handle-not-empty
 */
#include "snippet.h"
#include "nucleus/frame.h"

void snippet(void *owned);
void snippet(void *owned)
{
#ifdef WRONG
    OWN(frames) block;
#else
    OWN(frames) block = {0};
#endif

    frames_adopt(&block, owned);
    frames_drop(&block);
}
