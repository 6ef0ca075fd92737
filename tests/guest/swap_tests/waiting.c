/* Tasks that wait in operations of a cell when it is replaced: they stay waiting, and the new version serves
 * them. The versions are the same text in another place. */
#include "clock.h"
#include "console.h"
#include "nucleus/string.h"
#include "swaps.h"

#define WAITERS 6u
#define SWAPS 3u

/* What the tasks of a test share. */
struct HOLDS meeting {
    struct wait_queue queue;
    uint32_t open, through; /* the condition; how many have passed */
    uint64_t base, early;   /* sleepers: from when on; how many were early */
    task_handle waiters[WAITERS]; /* part() joins them */
    uint32_t rounds, written; /* a writer: how many texts it is asked for, and has written */
};

/* Spawns all. @return false: no memory; then none is left. Unchecked: clang cannot follow handles in an array. */
static bool meet(struct test_run *t, struct meeting *meeting, int (*entry)(void *argument),
                 unsigned count) UNCHECKED
{
    *meeting = (struct meeting){.base = clock_now_ns()};
    wait_queue_init(&meeting->queue);
    for (unsigned i = 0; i < count; i++) {
        if (!CHECK(t, task_spawn(&meeting->waiters[i], "waits", entry, meeting), "no memory"))
            return false;
    }
    return true;
}

/* Waits for all that were spawned. Unchecked: the same. */
static void part(struct test_run *t, struct meeting *meeting, unsigned count) REQUIRES(may_park);
static void part(struct test_run *t, struct meeting *meeting, unsigned count) UNCHECKED
{
    for (unsigned i = 0; i < count; i++) {
        if (meeting->waiters[i].task)
            CHECK(t, task_join(&meeting->waiters[i], NULL) == OK, "number %u ended badly", i);
    }
}

/* Until all are parked. */
static void until_parked(const struct meeting *meeting, unsigned count) REQUIRES(may_park);
static void until_parked(const struct meeting *meeting, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        while (task_state(meeting->waiters[i].task) != TASK_PARKED)
            task_yield();
    }
}

/* Whoever is first sleeps longest. */
static int sleep_long(void *argument)
{
    struct meeting *meeting = argument;
    uint64_t due =
        meeting->base + 500 * MS / (1 + __atomic_fetch_add(&meeting->open, 1, __ATOMIC_RELAXED));
    OWN(clock_op) op = {0};

    role_assert_may_park();
    clock_begin(&op, due);
    while (clock_step(&op) == AGAIN)
        task_park();
    if (clock_now_ns() < due)
        __atomic_fetch_add(&meeting->early, 1, __ATOMIC_RELAXED);
    clock_end(&op);
    __atomic_fetch_add(&meeting->through, 1, __ATOMIC_RELEASE);
    return 0;
}

TEST(swap, sleepers_are_woken_by_the_new_clock)
{
    struct meeting meeting;
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    if (meet(t, &meeting, sleep_long, WAITERS)) {
        for (unsigned i = 0; i < SWAPS; i++)
            swap_good(t, "clock", "clock", NULL);
        while (__atomic_load_n(&meeting.through, __ATOMIC_ACQUIRE) < WAITERS &&
               clock_now_ns() < limit)
            task_yield();
        CHECK(t, meeting.through == WAITERS, "%u of %u woke", meeting.through, WAITERS);
        CHECK(t, meeting.early == 0, "%lu woke early", meeting.early);
    }
    part(t, &meeting, WAITERS);
}

static int wait_in_queue(void *argument)
{
    struct meeting *meeting = argument;
    OWN(wait_op) op = {0};

    role_assert_may_park();
    wait_begin(&op);
    while (wait_enter(&op, &meeting->queue) == OK) {
        if (__atomic_load_n(&meeting->open, __ATOMIC_ACQUIRE))
            break;
        task_park();
    }
    wait_end(&op);
    __atomic_fetch_add(&meeting->through, 1, __ATOMIC_RELEASE);
    return 5;
}

/* Joins the first of the others. Unchecked: the handle is another's. */
static int join_other(void *argument) UNCHECKED
{
    struct meeting *meeting = argument;
    int result = 0;

    role_assert_may_park();
    if (task_join(&meeting->waiters[0], &result) == OK && result == 5)
        __atomic_fetch_add(&meeting->through, 1, __ATOMIC_RELEASE);
    return 0;
}

TEST(swap, waiters_and_joiners_are_woken_by_the_new_task_cell)
{
    OWN(task_handle) joiner = {0};
    struct meeting meeting;
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    if (!meet(t, &meeting, wait_in_queue, WAITERS))
        return;
    until_parked(&meeting, WAITERS);
    if (!task_spawn(&joiner, "joins", join_other, &meeting)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (task_state(joiner.task) != TASK_PARKED)
        task_yield();
    for (unsigned i = 0; i < SWAPS; i++)
        swap_good(t, "task", "task", NULL);
    CHECK(t, meeting.through == 0, "%u have gone through", meeting.through);
    until_parked(&meeting, WAITERS);
    __atomic_store_n(&meeting.open, 1, __ATOMIC_RELEASE);
    CHECK(t, wait_wake(&meeting.queue, WAITERS) == WAITERS, "not all were in the queue");
    while (__atomic_load_n(&meeting.through, __ATOMIC_ACQUIRE) < WAITERS + 1 &&
           clock_now_ns() < limit)
        task_yield();
    CHECK(t, meeting.through == WAITERS + 1, "%u of %u have gone through", meeting.through,
          WAITERS + 1);
    CHECK(t, task_join(&joiner, NULL) == OK, "the joiner ended badly");
    part(t, &meeting, WAITERS);
}

/* A task that faults, and waits for its next start, while one that sleeps has a watch over it. */
struct restarted {
    uint32_t runs, faults; /* atomic: runs */
    uint64_t limit_ns;
};

static int fault_often(void *argument)
{
    struct restarted *shared = *(struct restarted **)argument;
    uint32_t run = __atomic_fetch_add(&shared->runs, 1, __ATOMIC_RELEASE);

    if (run < shared->faults)
        *(volatile uint32_t *)(uint64_t)run = 0;
    return 9;
}

static int sleep_watched(void *argument)
{
    const struct restarted *shared = argument;
    OWN(watch) limit = {0};

    role_assert_may_park();
    watch_begin(&limit, shared->limit_ns);
    while (shared->limit_ns)
        task_park();
    watch_end(&limit);
    return 0;
}

static bool waits_for_restart(const struct task_handle *task) BORROWS(*task);
static bool waits_for_restart(const struct task_handle *task)
{
    struct task_restarts restarts;

    task_restarts_get(task->task, &restarts);
    return restarts.waiting;
}

TEST(swap, restarts_and_watches_go_on_with_the_new_task_cell)
{
    OWN(task_handle) faulty = {0};
    OWN(task_handle) watched = {0};
    struct restarted shared = {.faults = 5, .limit_ns = 3000 * MS}, *argument = &shared;
    unsigned amid = 0;
    enum status status;
    int result = 0;

    if (!task_spawn_restartable(&faulty, "faulty", fault_often, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    if (!task_spawn(&watched, "watched", sleep_watched, &shared)) {
        CHECK(t, false, "no memory");
        task_detach(&faulty);
        return;
    }
    while (__atomic_load_n(&shared.runs, __ATOMIC_ACQUIRE) <= shared.faults) {
        uint32_t runs = __atomic_load_n(&shared.runs, __ATOMIC_ACQUIRE);
        bool waits = waits_for_restart(&faulty);

        swap_good(t, "task", "task", NULL);
        amid += waits && waits_for_restart(&faulty) &&
                runs == __atomic_load_n(&shared.runs, __ATOMIC_ACQUIRE);
        clock_sleep(10 * MS);
    }
    CHECK(t, amid, "no swap fell within a pause");
    status = task_join(&faulty, &result);
    CHECK(t, status == OK && result == 9, "the faulty one ended: %s, %d", status_name(status), result);
    CHECK(t, task_join(&watched, NULL) == ERR_TIMEOUT, "the watch did not expire");
}

#define LINE "# 0123456789012345678901234567890123456789012345678901234567890123456789012345\n"
#define LINES_4 LINE LINE LINE LINE
#define LINES_16 LINES_4 LINES_4 LINES_4 LINES_4

/* More than the console's ring takes (4 KiB): so it waits for room. TAP readers skip lines that begin with #. */
static int write_texts(void *argument)
{
    static const char text[] = LINES_16 LINES_16 LINES_16 LINES_16;
    struct meeting *meeting = argument;

    role_assert_may_park();
    while (!__atomic_load_n(&meeting->open, __ATOMIC_ACQUIRE)) {
        if (meeting->written == __atomic_load_n(&meeting->rounds, __ATOMIC_ACQUIRE)) {
            task_park();
            continue;
        }
        console_write(text, sizeof text - 1);
        __atomic_fetch_add(&meeting->written, 1, __ATOMIC_RELEASE);
    }
    return 0;
}

TEST(swap, writers_are_given_room_by_the_new_uart)
{
    struct meeting meeting;
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    if (!meet(t, &meeting, write_texts, 1))
        return;
    for (uint32_t i = 1; i <= SWAPS; i++) {
        __atomic_store_n(&meeting.rounds, i, __ATOMIC_RELEASE);
        task_unpark(meeting.waiters[0].task);
        until_parked(&meeting, 1);
        swap_good(t, "uart", "uart", NULL);
        while (__atomic_load_n(&meeting.written, __ATOMIC_ACQUIRE) < i && clock_now_ns() < limit)
            task_yield();
        CHECK(t, meeting.written == i, "%u of %u texts are written", meeting.written, i);
    }
    __atomic_store_n(&meeting.open, 1, __ATOMIC_RELEASE);
    task_unpark(meeting.waiters[0].task);
    part(t, &meeting, 1);
}
