/* Both ends of a channel are given back on every path: also the sender's, where only the receiver's is moved elsewhere.
 *
 * rejected by clang: 'sender' is not held on every path through here
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "channel.h"

enum status snippet(uint32_t number) REQUIRES(may_park);
enum status snippet(uint32_t number)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    enum status status;

    if (!chan_make(&sender, &receiver, sizeof number, 1))
        return ERR_NOMEM;
    status = chan_send(&sender, &number, sizeof number);
    chan_receiver_drop(&receiver);
#ifdef WRONG
    if (status != OK)
        return status;
#endif
    chan_sender_drop(&sender);
    return status;
}
