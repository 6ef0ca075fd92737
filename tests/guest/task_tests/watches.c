/* Watches: who makes no progress in the time that it stated ends as by a fault. */
#include "clock.h"
#include "faults.h"
#include "figures.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "peers.h"
#include "task.h"
#include "test.h"

#define MS 1000000ul

struct prey {
    struct wait_queue queue;
    uint64_t limit_ns;
    uint32_t rounds; /* atomic */
    enum status inner;
    uint64_t begun;
};

static int computes(void *argument)
{
    struct prey *prey = argument;
    OWN(watch) limit = {0};

    watch_begin(&limit, prey->limit_ns);
    while (prey->limit_ns)
        __atomic_fetch_add(&prey->rounds, 1, __ATOMIC_SEQ_CST);
    watch_end(&limit);
    return 0;
}

static int sleeps(void *argument)
{
    struct prey *prey = argument;
    OWN(wait_owner) owner = {0};
    OWN(watch) limit = {0};

    role_assert_may_park();
    wait_own(&owner, &prey->queue);
    watch_begin(&limit, prey->limit_ns);
    clock_sleep(3600ul * 1000 * MS);
    watch_end(&limit);
    wait_disown(&owner);
    return 0;
}

/* Runs it to its end, and checks the report that was made of it. */
static void expect_timeout(struct test_run *t, const char *what, int (*entry)(void *))
    REQUIRES(may_park);
static void expect_timeout(struct test_run *t, const char *what, int (*entry)(void *))
{
    OWN(task_handle) task = {0};
    struct prey prey;
    struct fault fault;
    uint64_t begun = clock_now_ns();
    enum status status;

    memset(&prey, 0, sizeof prey);
    wait_queue_init(&prey.queue);
    prey.limit_ns = 20 * MS;
    if (!task_spawn(&task, what, entry, &prey)) {
        CHECK(t, false, "no memory");
        return;
    }
    status = task_join(&task, NULL);
    CHECK(t, status == ERR_TIMEOUT, "%s: ended: %s", what, status_name(status));
    CHECK(t, clock_now_ns() - begun >= prey.limit_ns, "%s: ended early", what);
    if (!CHECK(t, fault_get(fault_count(), &fault), "%s: no report", what))
        return;
    CHECK(t, strcmp(fault.cause, "watchdog") == 0 && strcmp(fault.task_name, what) == 0,
          "%s: reported as %s of %s", what, fault.cause, fault.task_name);
    CHECK(t, strcmp(fault.outcome, "task ended") == 0, "%s: outcome \"%s\"", what, fault.outcome);
    CHECK(t, fault.frame_count > 1 && fault.end == WALK_END, "%s: %u frames", what,
          fault.frame_count);
    if (entry == sleeps)
        CHECK(t, prey.queue.closed == ERR_FAULT, "its queue says %s",
              status_name(prey.queue.closed));
}

/* In one of two ways to escape: the limits are generous, as a host under load may stop a hart for long. */
static int escapes(void *argument)
{
    struct prey *prey = argument;
    OWN(watch) fed = {0};
    OWN(watch) ended = {0};

    role_assert_may_park();
    watch_begin(&fed, prey->limit_ns);
    watch_feed(&fed, 3600ul * 1000 * MS);
    watch_begin(&ended, prey->limit_ns);
    watch_end(&ended);
    clock_sleep(prey->limit_ns + 200 * MS);
    watch_end(&fed);
    return 7;
}

TEST(task, watch_that_is_fed_or_ended_does_nothing)
{
    OWN(task_handle) task = {0};
    struct prey prey;
    int result = 0;
    enum status status;

    memset(&prey, 0, sizeof prey);
    prey.limit_ns = 2000 * MS;
    if (!task_spawn(&task, "escapes", escapes, &prey)) {
        CHECK(t, false, "no memory");
        return;
    }
    status = task_join(&task, &result);
    CHECK(t, status == OK && result == 7, "ended: %s, %d", status_name(status), result);
}

/* The other direction: what it is fed may be less than it has. */
static int shortens(void *argument)
{
    struct prey *prey = argument;
    OWN(watch) limit = {0};

    role_assert_may_park();
    watch_begin(&limit, 3600ul * 1000 * MS);
    watch_feed(&limit, prey->limit_ns);
    while (prey->limit_ns)
        task_park();
    watch_end(&limit);
    return 0;
}

TEST(task, watch_ends_a_task_that_makes_no_progress)
{
    struct figures before = figures_now();

    expect_timeout(t, "computes", computes);
    expect_timeout(t, "sleeps", sleeps);
    expect_timeout(t, "shortens", shortens);
    figures_settle(&before);
    figures_check(t, &before);
}

static enum status compute_within(void *argument)
{
    return (enum status)computes(argument);
}

static enum status wait_within(void *argument)
{
    struct prey *prey = argument;

    role_assert_may_park();
    for (;;) {
        prey->rounds++;
        task_park();
    }
    return OK;
}

/* Its first run leaves a watch that nobody ends; it would end the second. */
static int leaves_watch(void *argument)
{
    struct prey *prey = *(struct prey **)argument;
    OWN(watch) first = {0};

    role_assert_may_park();
    if (prey->rounds++ == 0) {
        watch_begin(&first, prey->limit_ns);
        lose_stack();
        watch_end(&first);
    }
    clock_sleep(prey->limit_ns + 200 * MS);
    return 4;
}

TEST(task, watches_end_with_their_task)
{
    struct figures before = figures_now();
    OWN(task_handle) task = {0};
    struct prey prey, *argument = &prey;
    int result = 0;

    memset(&prey, 0, sizeof prey);
    prey.limit_ns = 1000 * MS;
    if (!task_spawn_restartable(&task, "leaves", leaves_watch, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, &result) == OK && result == 4, "result %d", result);
    CHECK(t, prey.rounds == 2, "%u runs", prey.rounds);
    figures_settle(&before);
    figures_check(t, &before);
}

static int begins_too_many(void *argument)
{
    OWN(watch) limit = {0};

    watch_begin(&limit, 3600ul * 1000 * MS);
    if (*(unsigned *)argument > 0) {
        --*(unsigned *)argument;
        (void)begins_too_many(argument);
    }
    watch_end(&limit);
    return 0;
}

TEST(task, watches_of_a_task_are_limited)
{
    for (unsigned more = 0; more < 2; more++) {
        OWN(task_handle) task = {0};
        unsigned depth = WATCHES_MOST - 1 + more;
        enum status status;

        if (!task_spawn(&task, "watches", begins_too_many, &depth)) {
            CHECK(t, false, "no memory");
            return;
        }
        status = task_join(&task, NULL);
        CHECK(t, status == (more ? ERR_FAULT : OK), "%u watches: %s", WATCHES_MOST + more,
              status_name(status));
    }
}

/* The watch within ends the guarded call, and that is all. */
static int guards_within(void *argument)
{
    struct prey *prey = argument;

    prey->inner = guarded_call(compute_within, prey);
    return 3;
}

/* That around it ends it, too, and afterwards, as it is neither fed nor ended, the task. */
static int guards(void *argument)
{
    struct prey *prey = argument;
    OWN(watch) limit = {0};

    role_assert_may_park();
    watch_begin(&limit, prey->limit_ns);
    prey->inner = guarded_call(wait_within, prey);
    prey->begun = clock_now_ns();
    while (prey->limit_ns)
        task_park();
    watch_end(&limit);
    return 0;
}

static enum status run_prey(struct test_run *t, int (*entry)(void *), struct prey *prey,
                            int *result) REQUIRES(may_park);
static enum status run_prey(struct test_run *t, int (*entry)(void *), struct prey *prey, int *result)
{
    OWN(task_handle) task = {0};

    if (!task_spawn(&task, "prey", entry, prey)) {
        CHECK(t, false, "no memory");
        return ERR_NOMEM;
    }
    return task_join(&task, result);
}

TEST(task, watch_ends_a_guarded_call_first)
{
    struct prey prey;
    int result = 0;

    memset(&prey, 0, sizeof prey);
    prey.limit_ns = 10 * MS;
    CHECK(t, run_prey(t, guards_within, &prey, &result) == OK && result == 3,
          "it ended with its call");
    CHECK(t, prey.inner == ERR_TIMEOUT, "the call ended: %s", status_name(prey.inner));
    prey.limit_ns = 1000 * MS;
    CHECK(t, run_prey(t, guards, &prey, NULL) == ERR_TIMEOUT, "it ended otherwise");
    CHECK(t, prey.begun && prey.inner == ERR_TIMEOUT, "the call ended: %s",
          status_name(prey.inner));
}

/* Its first run sticks in its third step. */
static enum status sticks(void *argument)
{
    struct prey *prey = *(struct prey **)argument;
    uint32_t round = __atomic_add_fetch(&prey->rounds, 1, __ATOMIC_RELAXED);

    while (round == 3)
        __atomic_store_n(&prey->begun, prey->begun + 1, __ATOMIC_RELAXED);
    return round < 6 ? OK : ERR_CANCELLED;
}

TEST(task, service_whose_step_takes_too_long_is_started_again)
{
    struct figures before = figures_now();
    OWN(task_handle) task = {0};
    struct prey prey, *argument = &prey;
    struct task_restarts restarts;

    memset(&prey, 0, sizeof prey);
    if (!task_spawn_restartable_service(&task, "sticks", sticks, &argument, sizeof argument,
                                        500 * MS)) {
        CHECK(t, false, "no memory");
        return;
    }
    task_restarts_get(task.task, &restarts);
    CHECK(t, restarts.code, "what it is about is not known");
    CHECK(t, task_join(&task, NULL) == OK, "it did not end in peace");
    CHECK(t, prey.rounds == 6, "%u steps", prey.rounds);
    figures_settle(&before);
    figures_check(t, &before);
}

static bool find_keeper(struct task *task, void *number)
{
    if (strcmp(task->name, "keeper") != 0)
        return true;
    *(uint64_t *)number = task->number;
    return false;
}

TEST(task, keeper_cannot_be_killed)
{
    uint64_t number = 0;

    task_each(find_keeper, &number);
    CHECK(t, number, "there is none");
    CHECK(t, task_kill(number) == ERR_NOT_FOUND, "it was killed");
}
