/* The tasks of a demonstration. Each is a service, and a round is a step. */
#include "crew.h"
#include "clock.h"

#define SLEEP_NS 1000000u
#define COUNTS_PER_ROUND 1000u

static const char names[][8] = {"compute", "yield", "sleep"};

static void compute(void)
{
    for (volatile unsigned i = 0; i < COUNTS_PER_ROUND; i++)
        continue;
}

/* Sleeps, and notes how much later than asked for it went on. */
static void sleep(struct member *member) REQUIRES(may_park);
static void sleep(struct member *member)
{
    uint64_t due = clock_now_ns() + SLEEP_NS, late;

    clock_sleep(SLEEP_NS);
    late = clock_now_ns() - due;
    if (late > member_delay(member))
        __atomic_store_n(&member->delay_ns, late, __ATOMIC_RELAXED);
}

static enum status member_step(void *argument)
{
    struct member *member = argument;

    role_assert_may_park();
    if (__atomic_load_n(&member->stop, __ATOMIC_RELAXED))
        return ERR_CANCELLED;
    if (member->duty == DUTY_COMPUTE)
        compute();
    else if (member->duty == DUTY_YIELD)
        task_yield();
    else
        sleep(member);
    __atomic_fetch_add(&member->rounds, 1, __ATOMIC_RELAXED);
    return OK;
}

/* Unchecked, both: the handle stays in the member from the one to the other. */
static bool member_start(struct member *member) UNCHECKED
{
    return task_spawn_service(&member->task, names[member->duty], member_step, member);
}

static void member_join(struct member *member) REQUIRES(may_park) UNCHECKED;
static void member_join(struct member *member)
{
    if (member->task.task)
        (void)task_join(&member->task, NULL);
}

bool crew_start(struct crew *crew)
{
    *crew = (struct crew){0};
    for (unsigned i = 0; i < CREW_COUNT; i++) {
        crew->members[i].duty = i % 3;
        if (member_start(&crew->members[i]))
            continue;
        crew_end(crew);
        return false;
    }
    return true;
}

void crew_end(struct crew *crew)
{
    for (unsigned i = 0; i < CREW_COUNT; i++)
        __atomic_store_n(&crew->members[i].stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < CREW_COUNT; i++)
        member_join(&crew->members[i]);
}

void crew_look(struct crew *crew)
{
    for (unsigned i = 0; i < CREW_COUNT; i++)
        crew->members[i].seen = member_rounds(&crew->members[i]);
}

unsigned crew_moved(const struct crew *crew)
{
    unsigned moved = 0;

    for (unsigned i = 0; i < CREW_COUNT; i++)
        moved += member_rounds(&crew->members[i]) != crew->members[i].seen;
    return moved;
}

uint64_t crew_take_delay(struct crew *crew)
{
    uint64_t longest = 0;

    for (unsigned i = 0; i < CREW_COUNT; i++) {
        uint64_t delay = __atomic_exchange_n(&crew->members[i].delay_ns, 0, __ATOMIC_RELAXED);

        if (delay > longest)
            longest = delay;
    }
    return longest;
}
