/* The self-test: two messages meet a receiver, one before it comes, one after. */
#include "cell.h"
#include "object.h"

/* The first message waits for its receiver, a second is given up, and the third finds one that waits. */
static bool exchange(const chan_sender *sender, const chan_receiver *receiver) BORROWS(*sender)
    BORROWS(*receiver);
static bool exchange(const chan_sender *sender, const chan_receiver *receiver)
{
    OWN(chan_op) give = {0};
    OWN(chan_op) gone = {0};
    OWN(chan_op) take = {0};
    const uint32_t numbers[] = {1, 2, 3};
    uint32_t got = 0;
    enum status status;
    bool good;

    chan_begin(&give);
    chan_begin(&gone);
    chan_begin(&take);
    good = chan_send_step(&give, sender, &numbers[0], sizeof got) == AGAIN;
    good &= chan_send_step(&gone, sender, &numbers[1], sizeof got) == AGAIN;
    chan_end(&gone);
    good &= chan_receive_step(&take, receiver, &got, sizeof got) == OK && got == 1;
    good &= chan_is_over(&give, &status);
    good &= chan_receive_step(&take, receiver, &got, sizeof got) == AGAIN;
    good &= chan_send_step(&give, sender, &numbers[2], sizeof got) == OK;
    good &= chan_is_over(&take, &status) && got == 3;
    chan_end(&take);
    chan_end(&give);
    return good;
}

enum status channel_check(void)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    bool good;

    if (!chan_make(&sender, &receiver, sizeof(uint32_t), 1))
        return OK; /* that there is no memory is no fault of this cell */
    good = exchange(&sender, &receiver);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
    return good ? OK : ERR_FAULT;
}
