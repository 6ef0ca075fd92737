/* A function that TAKES a handle has it from then on; the giver cannot use it.
 *
 * rejected by clang: 'block' that was not held
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "nucleus/frame.h"

void *snippet(void);
void *snippet(void)
{
    OWN(frames) block = {0};
    void *owned;

    if (!frames_alloc(&block, 0, FRAME_OTHER))
        return NULL;
    owned = frames_leak(&block);
#ifdef WRONG
    frames_drop(&block);
#endif
    return owned;
}
