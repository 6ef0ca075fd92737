/* One element of an array is like another to the analysis: handles have names, or an object that HOLDS them.
 *
 * rejected by lint: an array of handles: the analysis does not tell one from another
 * rule off: lint handle-array
 */
#include "snippet.h"
#include "nucleus/frame.h"

void snippet(void *owned);
void snippet(void *owned)
{
#ifdef WRONG
    frames blocks[1] = {{0}};
#define block blocks[0]
#else
    OWN(frames) block = {0};
#endif

    frames_adopt(&block, owned);
    frames_drop(&block);
}
