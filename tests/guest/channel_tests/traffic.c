/* Traffic over one channel (traffic.h). */
#include "traffic.h"

#include "clock.h"
#include "inspect.h"
#include "nucleus/string.h"

#define MS 1000000ul
#define LIMIT_NS (5000 * MS)

struct channel_tests_state {
    struct traffic traffic;
};
CELL_STATE(struct channel_tests_state);

struct traffic *traffic_new(void)
{
    memset(&state.traffic, 0, sizeof state.traffic);
    return &state.traffic;
}

/* Unchecked, both: the end moves from the member to its task. */
static void take_sender(chan_sender *to, struct member *from) MAKES(*to);
static UNCHECKED void take_sender(chan_sender *to, struct member *from)
{
    *to = from->sender;
    from->sender = (chan_sender){0};
}

static void take_receiver(chan_receiver *to, struct member *from) MAKES(*to);
static UNCHECKED void take_receiver(chan_receiver *to, struct member *from)
{
    *to = from->receiver;
    from->receiver = (chan_receiver){0};
}

static int send_all(void *argument)
{
    OWN(chan_sender) sender = {0};
    struct member *self = argument;

    role_assert_may_park();
    take_sender(&sender, self);
    while (self->done < self->all->messages && self->end == OK) {
        self->message = (struct message){MARK, self->number, self->done, MARK};
        self->end = chan_send(&sender, &self->message, sizeof self->message);
        if (self->end == OK)
            __atomic_fetch_add(&self->done, 1, __ATOMIC_RELEASE);
    }
    chan_sender_drop(&sender);
    return 0;
}

static bool is_message(const struct traffic *all, const struct message *message)
{
    return message->mark == MARK && message->again == MARK && message->sender < all->sending &&
           message->number < all->messages;
}

static void count(struct member *self)
{
    struct traffic *all = self->all;
    const struct message *message = &self->message;

    if (!is_message(all, message) || message->number < self->next[message->sender]) {
        __atomic_fetch_add(&all->wrong, 1, __ATOMIC_RELAXED);
        return;
    }
    __atomic_fetch_add(&all->seen[message->sender][message->number], 1, __ATOMIC_RELAXED);
    self->next[message->sender] = message->number + 1;
    __atomic_fetch_add(&self->done, 1, __ATOMIC_RELEASE);
}

void traffic_count_last(struct member *receiver)
{
    struct traffic *all = receiver->all;
    const struct message *message = &receiver->message;

    if (is_message(all, message) && all->seen[message->sender][message->number] == 0)
        all->seen[message->sender][message->number] = 1;
}

static int receive_all(void *argument)
{
    OWN(chan_receiver) receiver = {0};
    struct member *self = argument;

    role_assert_may_park();
    take_receiver(&receiver, self);
    while ((self->end = chan_receive(&receiver, &self->message, sizeof self->message)) == OK) {
        count(self);
        if (self->all->slow && self->done % 16 == 0)
            clock_sleep(MS);
    }
    chan_receiver_drop(&receiver);
    return 0;
}

/* Unchecked, what follows: the members' ends and tasks stay in them. */
static UNCHECKED bool member_start(struct member *member, const chan_sender *sender,
                                   const chan_receiver *receiver)
{
    if (sender) {
        chan_sender_share(&member->sender, sender);
        return task_spawn(&member->task, "sender", send_all, member);
    }
    chan_receiver_share(&member->receiver, receiver);
    return task_spawn(&member->task, "receiver", receive_all, member);
}

UNCHECKED bool traffic_begin(struct traffic *traffic, uint32_t held)
{
    OWN(chan_sender) first_sender = {0};
    OWN(chan_receiver) first_receiver = {0};
    bool good = true;

    if (!chan_make(&first_sender, &first_receiver, sizeof(struct message), held))
        return false;
    for (unsigned i = 0; i < traffic->receiving; i++) {
        traffic->receivers[i].all = traffic;
        traffic->receivers[i].number = i;
        good &= member_start(&traffic->receivers[i], NULL, &first_receiver);
    }
    for (unsigned i = 0; i < traffic->sending; i++) {
        traffic->senders[i].all = traffic;
        traffic->senders[i].number = i;
        good &= member_start(&traffic->senders[i], &first_sender, NULL);
    }
    chan_sender_drop(&first_sender);
    chan_receiver_drop(&first_receiver);
    return good;
}

static void member_end(struct member *member) REQUIRES(may_park);
static UNCHECKED void member_end(struct member *member)
{
    if (member->task.task)
        (void)task_join(&member->task, NULL);
    chan_sender_unwind(&member->sender);
    chan_receiver_unwind(&member->receiver);
}

UNCHECKED bool traffic_kill(struct member *who)
{
    bool found = task_kill(who->task.task->number) == OK;
    enum status end = task_join(&who->task, NULL);

    member_end(who);
    return found && end == ERR_CANCELLED;
}

void traffic_end(struct traffic *traffic)
{
    for (unsigned i = 0; i < traffic->sending; i++)
        member_end(&traffic->senders[i]);
    for (unsigned i = 0; i < traffic->receiving; i++)
        member_end(&traffic->receivers[i]);
}

void traffic_check(struct test_run *t, const struct traffic *traffic, unsigned sender, uint32_t upto)
{
    for (uint32_t i = 0; i < traffic->messages; i++)
        if (traffic->seen[sender][i] != (i < upto))
            CHECK(t, false, "message %u of sender %u of %u came %u times", i, sender, upto,
                  traffic->seen[sender][i]);
}

uint64_t objects_live(const char *name)
{
    struct kind_info kind;
    uint64_t live = 0;

    for (unsigned i = 0; kind_get(i, &kind); i++) {
        if (strcmp(kind.name, name) == 0)
            live += kind.live;
    }
    return live;
}

uint64_t channels_live(void)
{
    return objects_live("channel");
}

bool channel_holds(const chan_sender *sender)
{
    struct chan_figures figures;

    chan_figures(sender, &figures);
    return figures.most > 0;
}

bool wait_until_waiting(const chan_sender *sender, uint32_t sending, uint32_t receiving)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;
    struct chan_figures figures;

    do {
        task_yield();
        chan_figures(sender, &figures);
    } while ((figures.sending != sending || figures.receiving != receiving) && clock_now_ns() < limit);
    return figures.sending == sending && figures.receiving == receiving;
}

CELL(.name = "channel_tests", .version = "1.0", .summary = "Tests of channels.");
