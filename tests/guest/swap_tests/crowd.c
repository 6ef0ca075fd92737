/* A crowd (crowd.h). */
#include "crowd.h"

#include "clock.h"
#include "nucleus/string.h"
#include "swaps.h"

#define STEPS_PER_ROUND 64u
#define STEPS_IN_VICTIM 20000u

/* The mark stays set while the task is preempted in between: only it itself can find it set wrongly. */
void crowd_mark(struct crowd_member *member)
{
    if (__atomic_exchange_n(&member->owner, 1, __ATOMIC_ACQUIRE))
        __atomic_store_n(&member->collision, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < STEPS_PER_ROUND; i++)
        __atomic_signal_fence(__ATOMIC_SEQ_CST); /* so that the loop stays */
    __atomic_store_n(&member->rounds, member->rounds + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&member->owner, 0, __ATOMIC_RELEASE);
}

static bool is_stopped(const struct crowd_member *member)
{
    return __atomic_load_n(&member->crowd->stop, __ATOMIC_ACQUIRE);
}

/* Waits for its turn, and gives it to its partner. */
static void wake_other(struct crowd_member *member) REQUIRES(may_park);
static void wake_other(struct crowd_member *member)
{
    struct crowd_member *even = &member->crowd->members[member->number & ~1u];
    uint32_t own = member->number & 1;

    while (__atomic_load_n(&even->turn, __ATOMIC_ACQUIRE) != own && !is_stopped(member))
        task_park();
    __atomic_store_n(&even->turn, !own, __ATOMIC_RELEASE);
    if (__atomic_load_n(&even[!own].running, __ATOMIC_ACQUIRE))
        task_unpark(even[!own].task.task);
}

/* As long outside as within. */
static void call_victim(void)
{
    (void)victim_compute(STEPS_IN_VICTIM);
    for (unsigned i = 0; i < STEPS_IN_VICTIM; i++)
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void spend_round(struct crowd_member *member) REQUIRES(may_park);
static void spend_round(struct crowd_member *member)
{
    switch (member->habit) {
    case YIELDS:
        task_yield();
        break;
    case SLEEPS:
        clock_sleep((member->number % 4 + 1) * MS);
        break;
    case WAKES:
        wake_other(member);
        break;
    case CALLS:
        call_victim();
        break;
    case TICKS:
        caller_ticks();
        break;
    }
}

static int member_main(void *argument)
{
    struct crowd_member *member = argument;

    role_assert_may_park();
    __atomic_store_n(&member->running, 1, __ATOMIC_RELEASE); /* so its handle has been made */
    while (!is_stopped(member)) {
        crowd_mark(member);
        spend_round(member);
    }
    __atomic_store_n(&member->running, 0, __ATOMIC_RELEASE);
    return 0;
}

static const char *const names[] = {"computes", "yields", "sleeps", "wakes", "calls", "ticks"};

void crowd_init(struct crowd *crowd)
{
    memset(crowd, 0, sizeof *crowd);
}

/* Unchecked, both: clang cannot follow handles in an array. */
static bool member_start(struct crowd_member *member) UNCHECKED
{
    return task_spawn(&member->task, names[member->habit], member_main, member);
}

void crowd_stop(struct crowd *crowd) UNCHECKED
{
    __atomic_store_n(&crowd->stop, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < crowd->count; i++) {
        struct crowd_member *member = &crowd->members[i];

        /* As long as it runs it may look at its partner's handle. */
        task_unpark(member->task.task);
        while (__atomic_load_n(&member->running, __ATOMIC_ACQUIRE) &&
               task_state(member->task.task) != TASK_DEAD)
            clock_sleep(MS / 10);
    }
    for (unsigned i = 0; i < crowd->count; i++)
        crowd->faults += task_join(&crowd->members[i].task, NULL) != OK;
    crowd->count = 0;
}

bool crowd_add(struct crowd *crowd, unsigned count, enum crowd_habit habit)
{
    for (unsigned i = 0; i < count; i++) {
        struct crowd_member *member = &crowd->members[crowd->count];

        member->crowd = crowd;
        member->number = crowd->count;
        member->habit = habit;
        if (!member_start(member)) {
            crowd_stop(crowd);
            return false;
        }
        crowd->count++;
    }
    return true;
}

bool crowd_start_mixed(struct crowd *crowd)
{
    crowd_init(crowd);
    return crowd_add(crowd, 30, WAKES) && crowd_add(crowd, 32, YIELDS) &&
           crowd_add(crowd, 30, SLEEPS) && crowd_add(crowd, 8, COMPUTES);
}

static uint64_t rounds_of(const struct crowd *crowd, unsigned member)
{
    return __atomic_load_n(&crowd->members[member].rounds, __ATOMIC_RELAXED);
}

bool crowd_goes_on(struct test_run *t, const struct crowd *crowd, uint64_t rounds)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS, goal[CROWD_MOST];
    unsigned left, last = 0;

    for (unsigned i = 0; i < crowd->count; i++)
        goal[i] = rounds_of(crowd, i) + rounds;
    do {
        left = 0;
        for (unsigned i = 0; i < crowd->count; i++) {
            if (rounds_of(crowd, i) < goal[i]) {
                left++;
                last = i;
            }
        }
        if (left)
            clock_sleep(MS);
    } while (left && clock_now_ns() < limit);
    return CHECK(t, left == 0, "%u tasks stand still, of them number %u, which %s", left, last,
                 names[crowd->members[last].habit]);
}

unsigned crowd_collisions(const struct crowd *crowd)
{
    unsigned count = 0;

    for (unsigned i = 0; i < CROWD_MOST; i++)
        count += __atomic_load_n(&crowd->members[i].collision, __ATOMIC_RELAXED);
    return count;
}

void crowd_end(struct test_run *t, struct crowd *crowd)
{
    crowd_stop(crowd);
    CHECK(t, crowd_collisions(crowd) == 0, "%u tasks ran twice at once", crowd_collisions(crowd));
    CHECK(t, crowd->faults == 0, "%u tasks faulted", crowd->faults);
}
