/* Timers: none is early, they go off in order, a cancelled one does nothing, time never goes
 * back. */
#include "clock.h"
#include "crew.h"
#include "nucleus/hart.h"
#include "test.h"

#define MS 1000000ul
#define SECOND (1000 * MS)

TEST(device, clock_is_never_early)
{
    static const uint64_t spans[] = {0, 1, 99, 101, 12345, MS, 7 * MS};

    for (unsigned i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        OWN(clock_op) op = {0};
        uint64_t due = clock_now_ns() + spans[i];

        clock_begin(&op, due);
        while (clock_step(&op) == AGAIN)
            task_park();
        clock_end(&op);
        CHECK(t, clock_now_ns() >= due, "%lu ns early", due - clock_now_ns());
    }
}

struct sleepers {
    uint64_t base;
    uint32_t woken;                 /* how many so far */
    uint64_t due[CREW_MOST];        /* by member */
    uint32_t place[CREW_MOST];      /* when it woke: 0 first */
    uint64_t early_by[CREW_MOST];   /* ns */
};

static int sleep_until_due(void *shared, unsigned number)
{
    struct sleepers *sleepers = shared;
    uint64_t due = sleepers->due[number];
    OWN(clock_op) op = {0};

    role_assert_may_park();
    clock_begin(&op, due);
    while (clock_step(&op) == AGAIN)
        task_park();
    sleepers->early_by[number] = clock_now_ns() < due ? due - clock_now_ns() : 0;
    sleepers->place[number] = __atomic_fetch_add(&sleepers->woken, 1, __ATOMIC_RELAXED);
    clock_end(&op);
    return 0;
}

/* Set in no order; on one hart, they end in theirs. */
TEST(device, clock_fires_many_timers_in_order)
{
    struct sleepers sleepers = {.base = clock_now_ns() + 20 * MS};

    for (unsigned i = 0; i < CREW_MOST; i++)
        sleepers.due[i] = sleepers.base + i * 7 % CREW_MOST * MS;
    if (!CHECK(t, crew_run(sleep_until_due, &sleepers, CREW_MOST), "no memory"))
        return;
    CHECK(t, sleepers.woken == CREW_MOST, "%u woke", sleepers.woken);
    for (unsigned i = 0; i < CREW_MOST; i++) {
        unsigned turn = i * 7 % CREW_MOST;

        CHECK(t, sleepers.early_by[i] == 0, "%lu ns early", sleepers.early_by[i]);
        if (hart_count() == 1)
            CHECK(t, sleepers.place[i] == turn, "timer %u went off as number %u", turn,
                  sleepers.place[i]);
    }
}

TEST(device, clock_forgets_cancelled_timers)
{
    uint64_t due = clock_now_ns() + 2 * MS;
    OWN(clock_op) cancelled = {0};
    OWN(clock_op) other = {0};

    clock_begin(&cancelled, due);
    clock_begin(&other, due + MS);
    clock_end(&cancelled);
    CHECK(t, !cancelled.pending, "the cancelled timer is still in a list");
    while (clock_step(&other) == AGAIN)
        task_park();
    clock_end(&other);
    CHECK(t, clock_now_ns() >= due + MS, "the other timer went off early");
    CHECK(t, cancelled.due_ns == due, "somebody wrote to the cancelled timer");
}

TEST(device, clock_takes_the_farthest_timer)
{
    OWN(clock_op) farthest = {0};
    OWN(clock_op) soon = {0};

    clock_begin(&farthest, UINT64_MAX);
    CHECK(t, clock_step(&farthest) == AGAIN, "the end of time has come");
    clock_begin(&soon, clock_now_ns() + MS);
    while (clock_step(&soon) == AGAIN)
        task_park();
    clock_end(&soon);
    CHECK(t, farthest.pending, "a timer at the end of time has gone off");
    clock_end(&farthest);
}

struct readers {
    uint64_t latest; /* atomic: what some hart has read */
    uint32_t went_back;
};

static int read_times(void *shared, unsigned number)
{
    struct readers *readers = shared;

    (void)number;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t seen = __atomic_load_n(&readers->latest, __ATOMIC_ACQUIRE);
        uint64_t now = clock_now_ns();

        if (now < seen)
            __atomic_store_n(&readers->went_back, 1, __ATOMIC_RELAXED);
        while (seen < now && !__atomic_compare_exchange_n(&readers->latest, &seen, now, false,
                                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            continue;
    }
    return 0;
}

TEST(device, clock_never_goes_back_on_any_hart)
{
    struct readers readers = {0};

    if (!CHECK(t, crew_run(read_times, &readers, 2 * hart_count()), "no memory"))
        return;
    CHECK(t, !readers.went_back, "a hart read an earlier time than another had before");
    CHECK(t, clock_now_ns() < 3600 * SECOND, "%lu ns since boot", clock_now_ns());
}
