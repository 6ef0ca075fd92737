/* A watch is ended: its task would be ended for nothing.
 *
 * rejected by clang: 'limit' is still held at the end of function
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "task.h"

void snippet(void (*work)(void));
void snippet(void (*work)(void))
{
    OWN(watch) limit = {0};

    watch_begin(&limit, 1000000);
    work();
#ifndef WRONG
    watch_end(&limit);
#endif
}
