/* A wait that was begun is ended (which cancels it), also when its step fails.
 *
 * rejected by clang: 'op' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "console.h"

enum status snippet(char *to, size_t room, size_t *got) REQUIRES(may_park);
enum status snippet(char *to, size_t room, size_t *got)
{
    OWN(wait_op) op = {0};
    enum status status;

    wait_begin(&op);
    while ((status = console_read_step(&op, to, room, got)) == AGAIN)
        task_park();
#ifdef WRONG
    if (status != OK)
        return status;
#endif
    wait_end(&op);
    return status;
}
