/* An end that was given to another task is not here any more.
 *
 * rejected by clang: calling function 'chan_receive' requires holding mutex 'receiver'
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "channel.h"

struct HOLDS job {
    chan_receiver receiver; /* its task drops it */
};

/* Unchecked: the end moves. */
static UNCHECKED void job_give(struct job *job, chan_receiver *receiver) TAKES(*receiver);
static void job_give(struct job *job, chan_receiver *receiver)
{
    job->receiver = *receiver;
    *receiver = (chan_receiver){0};
}

enum status snippet(struct job *job, const chan_receiver *of, uint32_t *number) BORROWS(*of)
    REQUIRES(may_park);
enum status snippet(struct job *job, const chan_receiver *of, uint32_t *number)
{
    OWN(chan_receiver) receiver = {0};
    enum status status;

    chan_receiver_share(&receiver, of);
#ifndef WRONG
    status = chan_receive(&receiver, number, sizeof *number);
    job_give(job, &receiver);
#else
    job_give(job, &receiver);
    status = chan_receive(&receiver, number, sizeof *number);
#endif
    return status;
}
