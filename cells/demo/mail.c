/* Senders and receivers (mail.h). */
#include "mail.h"
#include "clock.h"
#include "nucleus/string.h"

/* Receivers rest now and then: so there is always mail on its way, and some time left for others. */
#define LETTERS_AT_ONCE 16u
#define PAUSE_NS 1000000u

struct letter {
    uint32_t sender, number;
};

/* Unchecked, both: the end moves from the member to its task. */
static void take_sender(chan_sender *to, struct mail_member *from) MAKES(*to);
static UNCHECKED void take_sender(chan_sender *to, struct mail_member *from)
{
    *to = from->sender;
    from->sender = (chan_sender){0};
}

static void take_receiver(chan_receiver *to, struct mail_member *from) MAKES(*to);
static UNCHECKED void take_receiver(chan_receiver *to, struct mail_member *from)
{
    *to = from->receiver;
    from->receiver = (chan_receiver){0};
}

static bool stops(const struct mail *mail)
{
    return __atomic_load_n(&mail->stop, __ATOMIC_RELAXED);
}

/* Enters the letter into the books. Its place may still be that of one a lap earlier, which its receiver is about to
 * strike out: then it waits. @return false: no letter any more. */
static bool enter(struct mail *mail, const struct letter *letter) REQUIRES(may_park);
static bool enter(struct mail *mail, const struct letter *letter)
{
    uint32_t *place = &mail->open[letter->sender][letter->number % MAIL_OPEN];

    while (!stops(mail)) {
        if (__atomic_load_n(place, __ATOMIC_ACQUIRE) == 0) {
            __atomic_store_n(place, letter->number + 1, __ATOMIC_RELEASE);
            return true;
        }
        task_yield();
    }
    return false;
}

static int send_letters(void *argument)
{
    OWN(chan_sender) sender = {0};
    struct mail_member *self = argument;
    struct letter letter = {.sender = self->number};

    role_assert_may_park();
    take_sender(&sender, self);
    while (enter(self->mail, &letter)) {
        self->heard = chan_send(&sender, &letter, sizeof letter);
        if (self->heard != OK)
            break;
        __atomic_fetch_add(&self->done, 1, __ATOMIC_RELAXED);
        letter.number++;
    }
    chan_sender_drop(&sender);
    return 0;
}

static void strike_out(struct mail_member *self, const struct letter *letter)
{
    struct mail *mail = self->mail;
    unsigned from = letter->sender % MAIL_SIDE;

    if (__atomic_exchange_n(&mail->open[from][letter->number % MAIL_OPEN], 0, __ATOMIC_ACQ_REL) !=
        letter->number + 1)
        __atomic_fetch_add(&mail->doubled, 1, __ATOMIC_RELAXED);
    if (letter->number < self->next[from])
        __atomic_fetch_add(&mail->disordered, 1, __ATOMIC_RELAXED);
    self->next[from] = letter->number + 1;
    __atomic_fetch_add(&self->done, 1, __ATOMIC_RELAXED);
}

static int receive_letters(void *argument)
{
    OWN(chan_receiver) receiver = {0};
    struct mail_member *self = argument;
    struct letter letter;

    role_assert_may_park();
    take_receiver(&receiver, self);
    while ((self->heard = chan_receive(&receiver, &letter, sizeof letter)) == OK) {
        strike_out(self, &letter);
        if (self->done % LETTERS_AT_ONCE == 0)
            clock_sleep(PAUSE_NS);
    }
    chan_receiver_drop(&receiver);
    return 0;
}

/* Unchecked, what follows: ends and tasks stay in the members. */
static UNCHECKED bool members_start(struct mail *mail, const chan_sender *sender,
                                    const chan_receiver *receiver)
{
    for (unsigned i = 0; i < MAIL_SIDE; i++) {
        struct mail_member *to = &mail->receivers[i], *from = &mail->senders[i];

        to->mail = from->mail = mail;
        to->number = from->number = i;
        chan_receiver_share(&to->receiver, receiver);
        chan_sender_share(&from->sender, sender);
        if (!task_spawn(&to->task, "receiver", receive_letters, to) ||
            !task_spawn(&from->task, "sender", send_letters, from))
            return false;
    }
    return true;
}

bool mail_begin(struct mail *mail)
{
    OWN(chan_sender) sender = {0};
    OWN(chan_receiver) receiver = {0};
    bool good;

    memset(mail, 0, sizeof *mail);
    if (!chan_make(&sender, &receiver, sizeof(struct letter), MAIL_HELD))
        return false;
    good = members_start(mail, &sender, &receiver);
    chan_sender_drop(&sender);
    chan_receiver_drop(&receiver);
    if (!good)
        mail_end(mail);
    return good;
}

static void member_end(struct mail_member *member) REQUIRES(may_park);
static UNCHECKED void member_end(struct mail_member *member)
{
    if (member->task.task)
        (void)task_join(&member->task, NULL);
    chan_sender_unwind(&member->sender);
    chan_receiver_unwind(&member->receiver);
}

void mail_end(struct mail *mail)
{
    __atomic_store_n(&mail->stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < MAIL_SIDE; i++)
        member_end(&mail->senders[i]);
    for (unsigned i = 0; i < MAIL_SIDE; i++)
        member_end(&mail->receivers[i]);
}

uint64_t mail_received(const struct mail *mail)
{
    uint64_t received = 0;

    for (unsigned i = 0; i < MAIL_SIDE; i++)
        received += __atomic_load_n(&mail->receivers[i].done, __ATOMIC_RELAXED);
    return received;
}

void mail_sum(const struct mail *mail, struct mail_sum *sum)
{
    *sum = (struct mail_sum){
        .received = mail_received(mail),
        .doubled = __atomic_load_n(&mail->doubled, __ATOMIC_RELAXED),
        .disordered = __atomic_load_n(&mail->disordered, __ATOMIC_RELAXED),
    };
    for (unsigned i = 0; i < MAIL_SIDE; i++) {
        sum->sent += __atomic_load_n(&mail->senders[i].done, __ATOMIC_RELAXED);
        for (unsigned place = 0; place < MAIL_OPEN; place++)
            sum->lost += __atomic_load_n(&mail->open[i][place], __ATOMIC_RELAXED) != 0;
    }
}
