/* A send that was begun is ended, also when it only tries: else it waits on, with a stack that has gone.
 *
 * rejected by clang: 'op' is still held at the end of function
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "channel.h"

enum status snippet(const chan_sender *sender, const uint32_t *number) BORROWS(*sender);
enum status snippet(const chan_sender *sender, const uint32_t *number)
{
    OWN(chan_op) op = {0};
    enum status status;

    chan_begin(&op);
    status = chan_send_step(&op, sender, number, sizeof *number);
#ifndef WRONG
    chan_end(&op);
#endif
    return status;
}
