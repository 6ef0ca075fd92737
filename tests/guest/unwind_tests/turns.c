/* A task that is killed at the very end of its turn: the scheduler hears of the end, so the next one's turn has one. */
#include "clock.h"
#include "faults.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

#define SECOND 1000000000ul
#define TIMES 5u
#define CHANGES 2u

struct scene {
    struct task *prey;
    uint32_t there;       /* atomic: the prey has measured its turn */
    volatile uint64_t rounds[2];
    volatile uint32_t changes[2]; /* how often a racer saw that the other one had had a turn, after the prey's end */
};

struct racer {
    struct scene *scene;
    unsigned number;
};

/*
 * Between two cells, where no kill can take effect: comes back when it is killed and its turn is nearly over. While it
 * is to be killed an interrupt comes every KILL_RETRY_NS; within the last 10 us it is most likely that of the turn's
 * end. A turn lasts from one gap in the time that it sees to the next, and as long as the one before.
 */
static uint64_t until_the_turn_is_nearly_over(void *argument)
{
    const uint64_t gap = machine_timebase() / 1000, margin = machine_timebase() / 100000;
    const struct task *self = task_current();
    struct scene *scene = argument;
    uint64_t begin = 0, length = 0, last = hart_ticks();

    for (;;) {
        uint64_t now = hart_ticks();

        if (now - last > gap) {
            length = begin ? last - begin : 0;
            begin = now;
        }
        last = now;
        if (length)
            __atomic_store_n(&scene->there, 1, __ATOMIC_RELEASE);
        if (!length || !__atomic_load_n(&self->killed, __ATOMIC_RELAXED))
            continue;
        if (now - begin + margin >= length || self->kill_tries > KILL_TRIES / 2)
            return 1;
    }
}

static __attribute__((noinline)) void spins(void)
{
    for (;;)
        ;
}

static int prey_entry(void *argument)
{
    struct passage passage = {.end = until_the_turn_is_nearly_over, .argument = argument};

    (void)chain_a(&passage);
    spins();
    return 0;
}

static bool both_have_seen(const struct scene *scene)
{
    return scene->changes[0] >= CHANGES && scene->changes[1] >= CHANGES;
}

/* Computes until both racers have seen some turns of the other after the prey's end, or for a second. */
static int races(void *argument)
{
    struct racer *racer = argument;
    struct scene *scene = racer->scene;
    volatile uint64_t *mine = &scene->rounds[racer->number];
    const volatile uint64_t *other = &scene->rounds[1 - racer->number];
    uint64_t limit, seen;

    role_assert_may_park();
    while (task_state(scene->prey) != TASK_DEAD)
        ++*mine;
    limit = clock_now_ns() + SECOND;
    for (seen = *other; !both_have_seen(scene) && clock_now_ns() < limit; ++*mine) {
        scene->changes[racer->number] += *other != seen;
        seen = *other;
    }
    return 0;
}

/* @return whether both racers saw the other one's turns. */
static bool kill_once(struct test_run *t) REQUIRES(may_park);
static bool kill_once(struct test_run *t)
{
    OWN(task_handle) prey = {0};
    OWN(task_handle) first = {0};
    OWN(task_handle) second = {0};
    struct scene scene;
    struct racer racers[2] = {{&scene, 0}, {&scene, 1}};

    memset(&scene, 0, sizeof scene);
    if (!task_spawn(&prey, "prey", prey_entry, &scene))
        return CHECK(t, false, "no memory");
    scene.prey = prey.task;
    if (task_spawn(&first, "racer", races, &racers[0])) {
        if (task_spawn(&second, "racer", races, &racers[1])) {
            while (!__atomic_load_n(&scene.there, __ATOMIC_ACQUIRE))
                task_yield();
            CHECK(t, task_kill(scene.prey->number) == OK, "it has ended before");
            (void)task_join(&second, NULL);
        }
        task_condemn(scene.prey, ERR_CANCELLED); /* without a second racer */
        (void)task_join(&first, NULL);
    }
    task_condemn(scene.prey, ERR_CANCELLED);
    CHECK(t, task_join(&prey, NULL) == ERR_CANCELLED, "it was not killed");
    return CHECK(t, both_have_seen(&scene),
                 "of two tasks that compute one saw %u turns of the other, and that %u", scene.changes[0],
                 scene.changes[1]);
}

TEST(unwind, kill_at_the_end_of_a_turn_leaves_the_next_turn_its_end)
{
    bool good = true;

    if (hart_count() > 1) {
        test_skip(t, "one hart only");
        return;
    }
    tokens_start("");
    for (unsigned i = 0; i < TIMES && good; i++)
        good = kill_once(t);
    check_tokens(t, "turns", NULL);
}
