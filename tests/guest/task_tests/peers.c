/* Peers of tasks that end badly: each that waits for one, or exchanges data with one, hears of it. */
#include "peers.h"

#include "clock.h"
#include "faults.h"
#include "group.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "task.h"
#include "test.h"

#define MS 1000000u
#define WAITERS 4u
#define LIMIT_NS (20000ul * MS)

enum way { BY_FAULT, BY_KILL, BY_RETURN, BY_EXIT, BY_LOST_STACK, BY_BROKEN_HANDLE, IN_GUARDED_CALL, IN_PEACE, WAYS };

static const char *const way_names[WAYS] = {
    [BY_FAULT] = "fault",
    [BY_KILL] = "kill",
    [BY_RETURN] = "return",
    [BY_EXIT] = "exit",
    [BY_LOST_STACK] = "fault on a stack that is lost",
    [BY_BROKEN_HANDLE] = "fault, the handle being broken, too",
    [IN_GUARDED_CALL] = "fault in a guarded call",
    [IN_PEACE] = "return in peace",
};

/* What the owner of a queue, and those who wait there, share. */
struct meeting {
    struct wait_queue queue, other;
    enum way way;
    uint32_t entered, done; /* atomic: waiters */
    uint32_t owned, go;     /* atomic: the owner is there; it shall end */
};

static void wait_for(const uint32_t *counter, uint32_t value) REQUIRES(may_park);
static void wait_for(const uint32_t *counter, uint32_t value)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value && clock_now_ns() < limit)
        clock_sleep(MS / 10);
}

/* Waits for what never comes, and returns what it was told instead. */
static int waits(void *argument)
{
    struct meeting *meeting = argument;
    OWN(wait_op) op = {0};
    enum status status;

    role_assert_may_park();
    wait_begin(&op);
    while ((status = wait_enter(&op, &meeting->queue)) == OK) {
        __atomic_fetch_add(&meeting->entered, 1, __ATOMIC_RELEASE);
        task_park();
    }
    wait_end(&op);
    __atomic_fetch_add(&meeting->done, 1, __ATOMIC_RELEASE);
    return (int)status;
}

static __attribute__((noinline)) void fault(void)
{
    *(volatile uint64_t *)(uint64_t)hart_count() = 1;
}

/* Unchecked: leaves the handle to its cleanup, as clang allows nobody. */
static int owns_and_returns(struct meeting *meeting) UNCHECKED
{
    OWN(wait_owner) owner = {0};

    wait_own(&owner, &meeting->queue);
    return 0;
}

static enum status owns_and_faults(void *argument)
{
    struct meeting *meeting = argument;
    OWN(wait_owner) owner = {0};

    wait_own(&owner, &meeting->queue);
    fault();
    wait_disown(&owner);
    return OK;
}

__attribute__((noinline)) void lose_stack(void)
{
    struct cell_info cell = {.text_bytes = 0};
    uint64_t high = task_current()->stack_high;

    if (cell_find("task_tests", &cell))
        for (uint64_t at = (uint64_t)__builtin_frame_address(0) - 64; at < high; at += 8)
            if (*(volatile uint64_t *)at - cell.text < cell.text_bytes)
                *(volatile uint64_t *)at = 0x5a5a5a5a5a5a5a5a;
    fault();
}

/* Of two nodes in a row one leads back to the other: whoever took them out would go round for ever. */
static int owns_two(struct meeting *meeting)
{
    OWN(wait_owner) owner = {0};
    OWN(wait_owner) second = {0};

    wait_queue_init(&meeting->other);
    wait_own(&owner, &meeting->queue);
    wait_own(&second, &meeting->other);
    owner.link.previous = owner.link.next;
    lose_stack();
    wait_disown(&second);
    wait_disown(&owner);
    return 0;
}

/* The owner of a queue, which ends in one of the ways. */
static int owns(void *argument)
{
    struct meeting *meeting = argument;
    OWN(wait_owner) owner = {0};

    role_assert_may_park();
    if (meeting->way == BY_RETURN || meeting->way == IN_GUARDED_CALL ||
        meeting->way == BY_BROKEN_HANDLE) {
        __atomic_store_n(&meeting->owned, 1, __ATOMIC_RELEASE);
        while (!__atomic_load_n(&meeting->go, __ATOMIC_ACQUIRE))
            task_yield();
        if (meeting->way == BY_RETURN)
            return owns_and_returns(meeting);
        if (meeting->way == BY_BROKEN_HANDLE)
            return owns_two(meeting);
        return (int)guarded_call(owns_and_faults, meeting);
    }
    wait_own(&owner, &meeting->queue);
    __atomic_store_n(&meeting->owned, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&meeting->go, __ATOMIC_ACQUIRE) || meeting->way == BY_KILL)
        task_yield();
    if (meeting->way == BY_FAULT)
        fault();
    if (meeting->way == BY_LOST_STACK)
        lose_stack();
    if (meeting->way == BY_EXIT)
        task_exit(0);
    wait_disown(&owner);
    return 0;
}

static void meeting_begin(struct meeting *meeting, enum way way)
{
    memset(meeting, 0, sizeof *meeting);
    meeting->way = way;
    wait_queue_init(&meeting->queue);
}

static enum status end_owner(struct test_run *t, struct meeting *meeting, task_handle *task)
    TAKES(*task) REQUIRES(may_park);
static enum status end_owner(struct test_run *t, struct meeting *meeting, task_handle *task)
{
    __atomic_store_n(&meeting->go, 1, __ATOMIC_RELEASE);
    if (meeting->way == BY_KILL)
        CHECK(t, task_kill(task->task->number) == OK, "no such task");
    return task_join(task, NULL);
}

static void check_waiters(struct test_run *t, struct meeting *meeting, struct group *group,
                          enum status wanted) REQUIRES(may_park);
static void check_waiters(struct test_run *t, struct meeting *meeting, struct group *group,
                          enum status wanted)
{
    if (meeting->way == IN_PEACE || meeting->way == BY_BROKEN_HANDLE)
        CHECK(t, meeting->done == 0, "%u waiters were told something", meeting->done);
    else
        wait_for(&meeting->done, group->count);
    wait_queue_close(&meeting->queue, ERR_TIMEOUT); /* those that did not shall not stay */
    group_join(group);
    for (unsigned i = 0; i < group->count; i++)
        CHECK(t, group->status[i] == OK && group->result[i] == (int)wanted,
              "%s: waiter %u was told \"%s\", not \"%s\"", way_names[meeting->way], i,
              status_name((enum status)group->result[i]), status_name(wanted));
    CHECK(t, list_empty(&meeting->queue.waiters), "%s: waiters are left", way_names[meeting->way]);
}

static void expect_told(struct test_run *t, enum way way, enum status end, enum status told)
    REQUIRES(may_park);
static void expect_told(struct test_run *t, enum way way, enum status end, enum status told)
{
    OWN(task_handle) owner = {0};
    struct meeting meeting;
    struct group group;
    enum status got;

    memset(&group, 0, sizeof group);
    meeting_begin(&meeting, way);
    for (unsigned i = 0; i < WAITERS; i++)
        CHECK(t, group_add(&group, "waits", waits, &meeting), "no memory");
    wait_for(&meeting.entered, group.count);
    if (task_spawn(&owner, "owner", owns, &meeting)) {
        wait_for(&meeting.owned, 1);
        got = end_owner(t, &meeting, &owner);
        CHECK(t, got == end, "%s: the owner ended with \"%s\"", way_names[way], status_name(got));
    }
    check_waiters(t, &meeting, &group, told);
}

TEST(task, waiters_hear_of_a_fault_of_the_owner)
{
    expect_told(t, BY_FAULT, ERR_FAULT, ERR_FAULT);
    expect_told(t, IN_GUARDED_CALL, OK, ERR_FAULT);
}

TEST(task, waiters_hear_of_an_owner_whose_stack_is_lost)
{
    expect_told(t, BY_LOST_STACK, ERR_FAULT, ERR_FAULT);
}

TEST(task, waiters_hear_of_a_kill_of_the_owner)
{
    expect_told(t, BY_KILL, ERR_CANCELLED, ERR_CANCELLED);
}

TEST(task, waiters_hear_of_an_owner_that_ends_without_a_word)
{
    expect_told(t, BY_RETURN, OK, ERR_CANCELLED);
    expect_told(t, BY_EXIT, OK, ERR_CANCELLED);
}

/* Nobody can find that queue any more. But the joiner is told, and the next ones are. */
TEST(task, keeper_survives_broken_handles)
{
    uint64_t faults = fault_count();

    expect_told(t, BY_BROKEN_HANDLE, ERR_FAULT, ERR_TIMEOUT);
    CHECK(t, fault_count() == faults + 2, "%lu faults, and not the task's and the keeper's",
          fault_count() - faults);
    expect_told(t, BY_EXIT, OK, ERR_CANCELLED);
}

TEST(task, queue_of_an_owner_that_disowns_it_stays_open)
{
    expect_told(t, IN_PEACE, OK, ERR_TIMEOUT);
}

TEST(task, closed_queue_lets_nobody_wait)
{
    OWN(wait_op) op = {0};
    struct wait_queue queue;

    memset(&queue, 0, sizeof queue);
    wait_queue_init(&queue);
    wait_queue_close(&queue, ERR_IO);
    wait_queue_close(&queue, ERR_FAULT);
    wait_begin(&op);
    CHECK(t, wait_enter(&op, &queue) == ERR_IO, "not what it was closed with first");
    CHECK(t, !op.queue && list_empty(&queue.waiters), "it is in the queue");
    wait_end(&op);
    wait_queue_init(&queue);
    wait_begin(&op);
    CHECK(t, wait_enter(&op, &queue) == OK, "it is not open again");
    wait_end(&op);
}

/* --- two that exchange data --- */

/* A buffer of one number, between a giver and a taker. */
struct exchange {
    struct wait_queue queue;
    struct spinlock lock;
    /* lock guards: */
    struct slot {
        bool full;
        uint64_t number, twice; /* twice == 2 * number */
    } slot;
    uint64_t last; /* the giver faults amid this one */
};

static inline struct slot *slot_of(struct exchange *exchange) REQUIRES(exchange->lock);
static inline struct slot *slot_of(struct exchange *exchange)
{
    return &exchange->slot;
}

/* Not inlined, so that a frame of its own holds the lock. */
static __attribute__((noinline)) bool give(struct exchange *exchange, uint64_t number)
{
    OWN(spin_guard) guard = {0};
    bool given;

    spin_lock(&guard, &exchange->lock);
    given = !slot_of(exchange)->full;
    if (given) {
        slot_of(exchange)->number = number;
        if (number == exchange->last)
            fault();
        slot_of(exchange)->twice = 2 * number;
        slot_of(exchange)->full = true;
    }
    spin_unlock(&guard, &exchange->lock);
    return given;
}

static int gives(void *argument)
{
    struct exchange *exchange = argument;
    OWN(wait_owner) owner = {0};

    role_assert_may_park();
    wait_own(&owner, &exchange->queue);
    for (uint64_t number = 0; number <= exchange->last; number++) {
        while (!give(exchange, number))
            task_yield();
        (void)wait_wake(&exchange->queue, 1);
    }
    wait_disown(&owner);
    return 0;
}

/* @return whether there was one; *@p whole says whether it was whole. */
static bool take(struct exchange *exchange, bool *whole)
{
    OWN(spin_guard) guard = {0};
    bool full;

    spin_lock(&guard, &exchange->lock);
    full = slot_of(exchange)->full;
    *whole = slot_of(exchange)->twice == 2 * slot_of(exchange)->number;
    slot_of(exchange)->full = false;
    spin_unlock(&guard, &exchange->lock);
    return full;
}

static bool repair(struct exchange *exchange)
{
    OWN(spin_guard) guard = {0};
    bool poisoned;

    spin_lock(&guard, &exchange->lock);
    poisoned = spin_is_poisoned(&exchange->lock);
    if (poisoned) {
        slot_of(exchange)->twice = 2 * slot_of(exchange)->number;
        spin_forgive(&exchange->lock);
    }
    spin_unlock(&guard, &exchange->lock);
    return poisoned;
}

/* Takes until it hears that nobody gives any more. @return how many. */
static uint64_t take_all(struct test_run *t, struct exchange *exchange) REQUIRES(may_park);
static uint64_t take_all(struct test_run *t, struct exchange *exchange)
{
    OWN(wait_op) op = {0};
    enum status status;
    uint64_t taken = 0;
    bool whole;

    wait_begin(&op);
    do {
        status = wait_enter(&op, &exchange->queue);
        if (take(exchange, &whole)) {
            taken++;
            CHECK(t, whole, "number %lu is half changed", taken);
        } else if (status == OK) {
            task_park();
        }
    } while (status == OK);
    wait_end(&op);
    CHECK(t, status == ERR_FAULT, "the taker was told \"%s\"", status_name(status));
    return taken;
}

TEST(task, who_exchanges_data_hears_of_a_fault_under_the_lock)
{
    OWN(task_handle) giver = {0};
    struct exchange exchange;
    uint64_t taken;

    memset(&exchange, 0, sizeof exchange);
    wait_queue_init(&exchange.queue);
    exchange.last = 20;
    CHECK(t, !repair(&exchange), "a new lock is poisoned");
    if (!task_spawn(&giver, "giver", gives, &exchange)) {
        CHECK(t, false, "no memory");
        return;
    }
    taken = take_all(t, &exchange);
    CHECK(t, taken == exchange.last, "%lu of %lu taken", taken, exchange.last);
    CHECK(t, task_join(&giver, NULL) == ERR_FAULT, "the giver ended otherwise");
    CHECK(t, exchange.slot.twice != 2 * exchange.slot.number, "it was whole");
    CHECK(t, repair(&exchange), "the lock is not poisoned");
    CHECK(t, !repair(&exchange), "it is poisoned still");
}
