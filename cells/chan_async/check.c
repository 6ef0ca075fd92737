/* The self-test: three messages through a channel that holds one. */
#include "cell.h"
#include "object.h"

/* Takes the next message. @return whether it is @p wanted. */
static bool comes(const chan_receiver *receiver, uint32_t wanted) BORROWS(*receiver);
static bool comes(const chan_receiver *receiver, uint32_t wanted)
{
    OWN(chan_op) op = {0};
    uint32_t got = 0;
    bool good;

    chan_begin(&op);
    good = chan_receive_step(&op, receiver, &got, sizeof got) == OK && got == wanted;
    chan_end(&op);
    return good;
}

/* The first is held, the second waits, the third is given up. */
static bool exchange(const chan_sender *sender, const chan_receiver *receiver) BORROWS(*sender)
    BORROWS(*receiver);
static bool exchange(const chan_sender *sender, const chan_receiver *receiver)
{
    OWN(chan_op) first = {0};
    OWN(chan_op) second = {0};
    OWN(chan_op) third = {0};
    const uint32_t numbers[] = {1, 2, 3};
    enum status status;
    bool good;

    chan_begin(&first);
    chan_begin(&second);
    chan_begin(&third);
    good = chan_send_step(&first, sender, &numbers[0], sizeof numbers[0]) == OK;
    good &= chan_send_step(&second, sender, &numbers[1], sizeof numbers[0]) == AGAIN;
    good &= chan_send_step(&third, sender, &numbers[2], sizeof numbers[0]) == AGAIN;
    chan_end(&third);
    good &= comes(receiver, 1) && chan_is_over(&second, &status) && comes(receiver, 2);
    chan_end(&second);
    chan_end(&first);
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
    good &= !comes(&receiver, 3);
    chan_receiver_drop(&receiver);
    return good ? OK : ERR_FAULT;
}
