/* What was adopted is owned again, and must be given up again.
 *
 * rejected by clang: 'block' is still held at the end of function
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "nucleus/frame.h"

void snippet(void *owned);
void snippet(void *owned)
{
    OWN(frames) block = {0};

    frames_adopt(&block, owned);
#ifndef WRONG
    frames_drop(&block);
#endif
}
