/* Restartable tasks: started again after a fault with what they were given first, and not for ever. */
#include "clock.h"
#include "figures.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "task.h"
#include "test.h"

#define MS 1000000ul
#define RUNS_MOST 12u
#define LIMIT_NS (60000 * MS)

/* What the runs of one task note for the test. */
struct record {
    uint32_t runs;     /* atomic */
    uint32_t stale;    /* runs that found their argument changed */
    uint32_t faults;   /* so many runs end by a fault */
    bool overflow;     /* of the stack */
    uint64_t live_ns;  /* how long run number 2 lives before its fault */
    uint64_t number;   /* of the task */
    uint64_t begun[RUNS_MOST], ended[RUNS_MOST];
};

struct argument {
    struct record *record;
    uint64_t fresh[20]; /* each element its own index, in a copy that nobody has changed */
};

static void argument_init(struct argument *argument, struct record *record, uint32_t faults)
{
    memset(record, 0, sizeof *record);
    record->faults = faults;
    argument->record = record;
    for (unsigned i = 0; i < sizeof argument->fresh / 8; i++)
        argument->fresh[i] = i;
}

static bool argument_use(struct argument *argument)
{
    bool fresh = true;

    for (unsigned i = 0; i < sizeof argument->fresh / 8; i++)
        fresh = fresh && argument->fresh[i]++ == i;
    return fresh;
}

static __attribute__((noinline)) uint64_t go_down(uint64_t depth)
{
    volatile uint64_t room[64];

    room[depth % 64] = depth;
    return depth == UINT64_MAX ? 0 : go_down(depth + 1) + room[depth % 64];
}

static int child(void *argument)
{
    return (int)(uint64_t)argument;
}

/* With something to clean up, for which there must be room. */
static __attribute__((noinline)) void overflow(struct record *record)
{
    OWN(task_handle) task = {0};

    if (!task_spawn(&task, "child", child, NULL))
        return;
    record->stale += (uint32_t)go_down(0);
    task_detach(&task);
}

static void fault(struct record *record)
{
    if (record->overflow)
        overflow(record);
    *(volatile uint64_t *)(uint64_t)hart_count() = 1;
}

/* @return whether this run is to go on to its end. */
static void begin_run(struct argument *argument) REQUIRES(may_park);
static void begin_run(struct argument *argument)
{
    struct record *record = argument->record;
    uint32_t run = record->runs;

    record->begun[run] = clock_now_ns();
    record->number = task_current()->number;
    record->stale += !argument_use(argument);
    __atomic_store_n(&record->runs, run + 1, __ATOMIC_RELEASE);
    if (run == 1 && record->live_ns)
        clock_sleep(record->live_ns);
    record->ended[run] = clock_now_ns();
    if (run < record->faults)
        fault(record);
}

static int runs(void *argument)
{
    role_assert_may_park();
    begin_run(argument);
    return 5;
}

static enum status step(void *argument)
{
    role_assert_may_park();
    begin_run(argument);
    return ERR_CANCELLED;
}

static void check_pauses(struct test_run *t, const struct record *record, unsigned first,
                         unsigned last)
{
    uint64_t least = RESTART_FIRST_NS;

    for (unsigned i = first; i <= last; i++) {
        uint64_t pause = record->begun[i] - record->ended[i - 1];

        CHECK(t, pause >= least, "before run %u: %lu us, at least %lu wanted", i, pause / 1000,
              least / 1000);
        least = 2 * least < RESTART_LONGEST_NS ? 2 * least : RESTART_LONGEST_NS;
    }
}

TEST(task, restart_gets_a_fresh_copy_of_the_argument)
{
    struct figures before = figures_now();
    OWN(task_handle) task = {0};
    struct argument argument;
    struct record record;
    int result = 0;
    uint64_t number;

    argument_init(&argument, &record, 3);
    if (!task_spawn_restartable(&task, "restarts", runs, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    memset(&argument, 0xff, sizeof argument); /* it was copied */
    number = task.task->number;
    CHECK(t, task_join(&task, &result) == OK && result == 5, "result %d", result);
    CHECK(t, record.runs == 4 && record.stale == 0, "%u runs, %u with an old argument", record.runs,
          record.stale);
    CHECK(t, record.number == number, "its number was %lu, and is %lu", number, record.number);
    check_pauses(t, &record, 1, 3);
    figures_settle(&before);
    figures_check(t, &before);
}

TEST(task, restarted_service_begins_anew)
{
    OWN(task_handle) task = {0};
    struct argument argument;
    struct record record;

    argument_init(&argument, &record, 1);
    if (!task_spawn_restartable_service(&task, "restarts", step, &argument, sizeof argument, 0)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, NULL) == OK, "it did not end in peace");
    CHECK(t, record.runs == 2 && record.stale == 0, "%u runs, %u with an old argument", record.runs,
          record.stale);
}

/* The reserve below its stack is used up then: the cleanups of a second overflow would have no room. */
TEST(task, restart_after_an_overflow_has_a_new_stack)
{
    struct figures before = figures_now();
    OWN(task_handle) task = {0};
    struct argument argument;
    struct record record;

    argument_init(&argument, &record, 2);
    record.overflow = true;
    if (!task_spawn_restartable(&task, "overflows", runs, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, task_join(&task, NULL) == OK, "it did not end in peace");
    CHECK(t, record.runs == 3 && record.stale == 0, "%u runs, %u stale", record.runs, record.stale);
    figures_settle(&before);
    figures_check(t, &before);
}

static bool is_waiting(const struct task_handle *task) BORROWS(*task);
static bool is_waiting(const struct task_handle *task)
{
    struct task_restarts restarts;

    task_restarts_get(task->task, &restarts);
    return restarts.waiting;
}

TEST(task, kill_of_a_task_that_waits_for_its_restart_is_for_good)
{
    struct figures before = figures_now();
    OWN(task_handle) task = {0};
    struct argument argument;
    struct record record;
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    argument_init(&argument, &record, RUNS_MOST);
    if (!task_spawn_restartable(&task, "killed", runs, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!is_waiting(&task) && clock_now_ns() < limit)
        task_yield();
    CHECK(t, task_kill(task.task->number) == OK, "it is not there");
    CHECK(t, task_join(&task, NULL) == ERR_CANCELLED, "it was not killed");
    CHECK(t, record.runs < RUNS_MOST, "%u runs", record.runs);
    CHECK(t, task_kill(record.number) == ERR_NOT_FOUND, "it is there still");
    figures_settle(&before);
    figures_check(t, &before);
}

static int spins(void *argument)
{
    struct record *record = *(struct record **)argument;

    __atomic_fetch_add(&record->runs, 1, __ATOMIC_RELEASE);
    while (record->faults == 0)
        __atomic_fetch_add(&record->stale, 1, __ATOMIC_SEQ_CST);
    return 0;
}

TEST(task, kill_of_a_restartable_task_ends_it_for_good)
{
    OWN(task_handle) task = {0};
    struct record record, *argument = &record;

    memset(&record, 0, sizeof record);
    if (!task_spawn_restartable(&task, "killed", spins, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!__atomic_load_n(&record.runs, __ATOMIC_ACQUIRE))
        task_yield();
    CHECK(t, task_kill(task.task->number) == OK, "it is not there");
    CHECK(t, task_join(&task, NULL) == ERR_CANCELLED, "it was not killed");
    CHECK(t, record.runs == 1, "%u runs", record.runs);
}

TEST(task, argument_of_a_restartable_task_has_a_limit)
{
    OWN(task_handle) task = {0};
    struct figures before = figures_now();
    static const char text[] = "";

    if (task_spawn_restartable(&task, "large", runs, text, RESTART_ARGUMENT_MOST + 1)) {
        CHECK(t, false, "it was taken");
        task_detach(&task);
    }
    figures_check(t, &before);
}

/* Both at once, as it takes about 20 seconds. */
TEST(task, restarts_end_after_eight_in_a_row)
{
    OWN(task_handle) task = {0};
    OWN(task_handle) calm = {0};
    struct argument argument, calm_argument;
    struct record record, calm_record;
    struct figures before = figures_now();
    struct task_restarts restarts;
    enum status status;

    if (hart_count() > 1) {
        test_skip(t, "one hart only: it takes 20 s");
        return;
    }
    argument_init(&argument, &record, RUNS_MOST);
    argument_init(&calm_argument, &calm_record, 3);
    calm_record.live_ns = RESTART_CALM_NS;
    if (!task_spawn_restartable(&calm, "calm", runs, &calm_argument, sizeof calm_argument)) {
        CHECK(t, false, "no memory");
        return;
    }
    if (!task_spawn_restartable(&task, "gives up", runs, &argument, sizeof argument)) {
        CHECK(t, false, "no memory");
        task_detach(&calm);
        return;
    }
    while (__atomic_load_n(&calm_record.runs, __ATOMIC_ACQUIRE) < 3)
        clock_sleep(10 * MS);
    task_restarts_get(calm.task, &restarts);
    CHECK(t, restarts.in_row <= 2 && restarts.count == restarts.in_row + 1,
          "%u restarts in a row of %u: calm did not count", restarts.in_row, restarts.count);
    CHECK(t, task_join(&calm, NULL) == OK, "the calm one did not end in peace");
    check_pauses(t, &calm_record, 2, 3);
    status = task_join(&task, NULL);
    CHECK(t, status == ERR_FAULT, "it ended: %s", status_name(status));
    CHECK(t, record.runs == RESTARTS_MOST + 1 && record.stale == 0, "%u runs, %u stale",
          record.runs, record.stale);
    check_pauses(t, &record, 1, RESTARTS_MOST);
    figures_settle(&before);
    figures_check(t, &before);
}
