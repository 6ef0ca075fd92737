/* Wait queues, park and unpark: first come, first served, and no wake-up is lost. */
#include "clock.h"
#include "group.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "test.h"

#define MS 1000000u
#define WAITERS 6u

/* A counting semaphore, as a cell would make one: lock, count, queue. */
struct semaphore {
    struct wait_queue queue;
    struct spinlock lock;
    /* lock guards: */
    unsigned units;
};

static void semaphore_init(struct semaphore *semaphore)
{
    *semaphore = (struct semaphore){0};
    wait_queue_init(&semaphore->queue);
}

static inline unsigned *units_of(struct semaphore *semaphore) REQUIRES(semaphore->lock);
static inline unsigned *units_of(struct semaphore *semaphore)
{
    return &semaphore->units;
}

static bool semaphore_try(struct semaphore *semaphore)
{
    OWN(spin_guard) guard = {0};
    bool taken;

    spin_lock(&guard, &semaphore->lock);
    taken = *units_of(semaphore) > 0;
    if (taken)
        --*units_of(semaphore);
    spin_unlock(&guard, &semaphore->lock);
    return taken;
}

static bool semaphore_has_units(struct semaphore *semaphore)
{
    OWN(spin_guard) guard = {0};
    bool has;

    spin_lock(&guard, &semaphore->lock);
    has = *units_of(semaphore) > 0;
    spin_unlock(&guard, &semaphore->lock);
    return has;
}

static void semaphore_take(struct semaphore *semaphore) REQUIRES(may_park);
static void semaphore_take(struct semaphore *semaphore)
{
    OWN(wait_op) op = {0};

    wait_begin(&op);
    while (wait_enter(&op, &semaphore->queue) == OK) {
        if (semaphore_try(semaphore))
            break;
        task_park();
    }
    wait_end(&op);
    /* While we were in the queue we may have used up the wake-up for another unit. */
    if (semaphore_has_units(semaphore))
        wait_wake(&semaphore->queue, 1);
}

/* Adds @p units and wakes as many waiters. @return how many there were. */
static unsigned semaphore_give(struct semaphore *semaphore, unsigned units)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &semaphore->lock);
    *units_of(semaphore) += units;
    spin_unlock(&guard, &semaphore->lock);
    return wait_wake(&semaphore->queue, units);
}

/* Several waiters for one semaphore, which note in what order they came and went. */
struct order {
    struct semaphore semaphore;
    uint32_t entered, woken; /* how many so far */
};

static int waits_once(void *argument)
{
    OWN(wait_op) op = {0};
    struct order *order = argument;
    enum status entered;
    int mine, turn;

    role_assert_may_park();
    wait_begin(&op);
    entered = wait_enter(&op, &order->semaphore.queue);
    mine = (int)__atomic_fetch_add(&order->entered, 1, __ATOMIC_ACQ_REL);
    while (!semaphore_try(&order->semaphore) && entered == OK) {
        task_park();
        entered = wait_enter(&op, &order->semaphore.queue);
    }
    turn = (int)__atomic_fetch_add(&order->woken, 1, __ATOMIC_ACQ_REL);
    wait_end(&op);
    return turn == mine ? 0 : 1 + turn;
}

static void wait_until(const uint32_t *counter, uint32_t value) REQUIRES(may_park);
static void wait_until(const uint32_t *counter, uint32_t value)
{
    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value)
        clock_sleep(MS / 10);
}

TEST(task, waiters_are_woken_in_the_order_in_which_they_came)
{
    struct order order = {0};
    struct group group = {0};

    semaphore_init(&order.semaphore);
    for (unsigned i = 0; i < WAITERS; i++) {
        CHECK(t, group_add(&group, "waits", waits_once, &order), "no memory");
        wait_until(&order.entered, group.count);
    }
    for (unsigned i = 0; i < group.count; i++) {
        CHECK(t, semaphore_give(&order.semaphore, 1) == 1, "waiter %u", i);
        wait_until(&order.woken, i + 1);
    }
    CHECK(t, wait_wake(&order.semaphore.queue, 1) == 0, "the queue should be empty");
    group_join(&group);
    for (unsigned i = 0; i < group.count; i++)
        CHECK(t, group.result[i] == 0, "waiter %u had turn %d", i, group.result[i] - 1);
}

TEST(task, wake_takes_as_many_as_it_is_told)
{
    struct order order = {0};
    struct group group;
    unsigned woken;

    memset(&group, 0, sizeof group);
    semaphore_init(&order.semaphore);
    for (unsigned i = 0; i < WAITERS; i++)
        CHECK(t, group_add(&group, "waits", waits_once, &order), "no memory");
    wait_until(&order.entered, group.count);
    woken = semaphore_give(&order.semaphore, 2);
    CHECK(t, woken == 2, "%u", woken);
    wait_until(&order.woken, 2);
    clock_sleep(MS);
    CHECK(t, __atomic_load_n(&order.woken, __ATOMIC_ACQUIRE) == 2, "%u", order.woken);
    woken = semaphore_give(&order.semaphore, group.count);
    CHECK(t, woken == group.count - 2, "%u of %u", woken, group.count - 2);
    group_join(&group);
}

TEST(task, who_leaves_the_queue_is_not_woken)
{
    OWN(wait_op) op = {0};
    struct wait_queue first, second;

    wait_queue_init(&first);
    wait_queue_init(&second);
    wait_begin(&op);
    CHECK(t, wait_enter(&op, &first) == OK && wait_enter(&op, &first) == OK, "closed");
    CHECK(t, wait_enter(&op, &second) == OK, "closed");
    CHECK(t, wait_wake(&first, 9) == 0, "it went on to another queue");
    CHECK(t, wait_wake(&second, 9) == 1, "it is in once");
    CHECK(t, wait_enter(&op, &second) == OK, "closed");
    wait_end(&op);
    CHECK(t, wait_wake(&second, 9) == 0, "its wait has ended");
}

struct pair {
    struct semaphore ping, pong;
    unsigned rounds;
};

static int pings(void *argument)
{
    struct pair *pair = argument;

    role_assert_may_park();
    for (unsigned i = 0; i < pair->rounds; i++) {
        semaphore_give(&pair->ping, 1);
        semaphore_take(&pair->pong);
    }
    return 0;
}

static int pongs(void *argument)
{
    struct pair *pair = argument;

    role_assert_may_park();
    for (unsigned i = 0; i < pair->rounds; i++) {
        semaphore_take(&pair->ping);
        semaphore_give(&pair->pong, 1);
    }
    return 0;
}

#define PAIRS 6u

/* A lost wake-up would leave a pair asleep for ever, and the test with it. */
TEST(task, pairs_on_all_harts_lose_no_wake_up)
{
    struct pair pairs[PAIRS];
    struct group group = {0};

    for (unsigned i = 0; i < PAIRS; i++) {
        pairs[i].rounds = 1000;
        semaphore_init(&pairs[i].ping);
        semaphore_init(&pairs[i].pong);
        if (!CHECK(t, group_add(&group, "pings", pings, &pairs[i]), "no memory"))
            pings(&pairs[i]);
        CHECK(t, group_add(&group, "pongs", pongs, &pairs[i]), "no memory");
    }
    group_join(&group);
    for (unsigned i = 0; i < PAIRS; i++)
        CHECK(t, pairs[i].ping.units == 0 && pairs[i].pong.units == 0, "pair %u: %u %u", i,
              pairs[i].ping.units, pairs[i].pong.units);
}

struct crowd {
    struct semaphore full, empty;
    uint32_t taken;
};

#define UNITS_PER_TASK 500u

static int produces(void *argument)
{
    struct crowd *crowd = argument;

    role_assert_may_park();
    for (unsigned i = 0; i < UNITS_PER_TASK; i++) {
        semaphore_take(&crowd->empty);
        semaphore_give(&crowd->full, 1);
    }
    return 0;
}

static int consumes(void *argument)
{
    struct crowd *crowd = argument;

    role_assert_may_park();
    for (unsigned i = 0; i < UNITS_PER_TASK; i++) {
        semaphore_take(&crowd->full);
        __atomic_fetch_add(&crowd->taken, 1, __ATOMIC_RELAXED);
        semaphore_give(&crowd->empty, 1);
    }
    return 0;
}

TEST(task, many_waiters_on_one_queue_lose_no_wake_up)
{
    struct crowd crowd = {0};
    struct group group = {0};

    semaphore_init(&crowd.full);
    semaphore_init(&crowd.empty);
    crowd.empty.units = 3;
    for (unsigned i = 0; i < 4; i++) {
        CHECK(t, group_add(&group, "produces", produces, &crowd), "no memory");
        CHECK(t, group_add(&group, "consumes", consumes, &crowd), "no memory");
    }
    group_join(&group);
    CHECK(t, crowd.taken == 4 * UNITS_PER_TASK, "%u units", crowd.taken);
    CHECK(t, crowd.full.units == 0 && crowd.empty.units == 3, "%u, %u left", crowd.full.units,
          crowd.empty.units);
}

TEST(task, unpark_before_park_is_kept)
{
    task_unpark(task_current());
    task_park(); /* hangs if it is not */
    CHECK(t, true, "came back");
}
