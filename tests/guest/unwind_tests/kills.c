/* Tasks that are killed: while they sleep, compute, call other cells, hold locks; and those that wait for them. */
#include "clock.h"
#include "faults.h"
#include "inject.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "vm.h"

#define MS 1000000ul
#define LIMIT_NS (5000 * MS)
#define CREW 12u
#define KILLS 300u

/* --- one at a time --- */

struct prey {
    struct wait_queue queue;  /* nobody wakes it */
    uint32_t there;           /* atomic: the task is where it shall be killed */
    volatile uint64_t rounds; /* of computing */
    enum status inner;
};

/* Starts @p entry, kills it when it is there, and waits for its end. */
static enum status spawn_and_kill(struct test_run *t, int (*entry)(void *), struct prey *prey)
    REQUIRES(may_park);
static enum status spawn_and_kill(struct test_run *t, int (*entry)(void *), struct prey *prey)
{
    OWN(task_handle) task = {0};
    uint64_t number;

    wait_queue_init(&prey->queue);
    tokens_start("");
    if (!task_spawn(&task, "prey", entry, prey)) {
        CHECK(t, false, "no memory");
        return ERR_NOMEM;
    }
    number = task.task->number;
    while (!__atomic_load_n(&prey->there, __ATOMIC_ACQUIRE))
        task_yield();
    CHECK(t, task_kill(number) == OK, "task %lu was not found", number);
    return task_join(&task, NULL);
}

static void expect_killed(struct test_run *t, const char *what, int (*entry)(void *), const char *unwound)
    REQUIRES(may_park);
static void expect_killed(struct test_run *t, const char *what, int (*entry)(void *), const char *unwound)
{
    struct prey prey = {0};
    struct stock before, after;
    enum status status;

    stock_take(&before);
    status = spawn_and_kill(t, entry, &prey);
    stock_take(&after);
    CHECK(t, status == ERR_CANCELLED, "%s: the task ended: %s", what, status_name(status));
    check_tokens(t, what, unwound);
    CHECK(t, list_empty(&prey.queue.waiters), "%s: it still waits", what);
    CHECK(t, after.objects == before.objects && after.mapped_pages == before.mapped_pages,
          "%s: %lu objects and %lu pages, were %lu and %lu", what, after.objects, after.mapped_pages,
          before.objects, before.mapped_pages);
}

static int waits(void *argument)
{
    struct prey *prey = argument;
    OWN(token) a = {0};
    OWN(wait_op) op = {0};

    role_assert_may_park();
    if (!token_take(&a, 'a'))
        return 1;
    wait_begin(&op);
    if (wait_enter(&op, &prey->queue) == OK)
        __atomic_store_n(&prey->there, 1, __ATOMIC_RELEASE);
    while (prey->rounds == 0)
        task_park();
    wait_end(&op);
    token_drop(&a);
    return 0;
}

static int sleeps(void *argument)
{
    struct prey *prey = argument;
    OWN(token) s = {0};

    role_assert_may_park();
    if (!token_take(&s, 's'))
        return 1;
    __atomic_store_n(&prey->there, 1, __ATOMIC_RELEASE);
    clock_sleep(3600ul * 1000 * MS);
    token_drop(&s);
    return 0;
}

/* For ever, without a call, and with something that it holds. */
static int computes(void *argument)
{
    struct prey *prey = argument;
    OWN(token) c = {0};

    if (!token_take(&c, 'c'))
        return 1;
    __atomic_store_n(&prey->there, 1, __ATOMIC_RELEASE);
    for (;;)
        prey->rounds++;
}

/* The same without a frame that holds anything, nor an instruction that could fault. */
static __attribute__((noinline)) void spins(void)
{
    for (;;)
        ;
}

static int holds_and_spins(void *argument)
{
    struct prey *prey = argument;
    OWN(token) d = {0};

    if (!token_take(&d, 'd'))
        return 1;
    __atomic_store_n(&prey->there, 1, __ATOMIC_RELEASE);
    spins();
    token_drop(&d);
    return 0;
}

/* For ever in calls of other cells. */
static int takes_and_drops(void *argument)
{
    struct prey *prey = argument;

    for (;;) {
        OWN(token) e = {0};

        if (!token_take(&e, 'e'))
            return 1;
        __atomic_store_n(&prey->there, 1, __ATOMIC_RELEASE);
        prey->rounds += (uint64_t)token_letter(&e);
        token_drop(&e);
    }
}

TEST(unwind, kill_of_a_task_that_sleeps)
{
    expect_killed(t, "waits", waits, "a");
    expect_killed(t, "sleeps", sleeps, "s");
}

TEST(unwind, kill_of_a_task_that_computes_for_ever)
{
    expect_killed(t, "computes", computes, "c");
    expect_killed(t, "spins", holds_and_spins, "d");
    expect_killed(t, "calls", takes_and_drops, NULL);
}

/* Nearly always another cell is at work for it: a kill that did not wait would lose tokens, or drop them twice. */
TEST(unwind, kills_amid_calls_of_other_cells_leave_nothing)
{
    struct stock before, after;
    unsigned ended = 0;

    stock_take(&before);
    for (unsigned i = 0; i < 100; i++) {
        struct prey prey = {0};

        ended += spawn_and_kill(t, takes_and_drops, &prey) == ERR_CANCELLED;
        check_tokens(t, "calls", NULL);
    }
    stock_take(&after);
    CHECK(t, ended == 100, "%u of 100 were killed", ended);
    CHECK(t, after.objects == before.objects, "%lu objects, were %lu", after.objects, before.objects);
}

#define TIMER_INTERRUPT (1ul << 63 | 5) /* scause */

/* Is to be ended where it calls token_letter(), at which an interrupt is planted: in the call before, another cell is at
 * work for it. */
static int kills_itself(void *argument)
{
    struct prey *prey = argument;
    OWN(token) f = {0};

    if (!token_take(&f, 'f'))
        return 1;
    if (task_kill(task_current()->number) == OK)
        (void)token_letter(&f);
    prey->rounds = 1;
    token_drop(&f);
    return 0;
}

/* @return whether the interrupt came there; the clock's may have come before. prey->inner is how the task ended. */
static bool interrupt_at_call(struct test_run *t, uint64_t place, struct prey *prey) REQUIRES(may_park);
static bool interrupt_at_call(struct test_run *t, uint64_t place, struct prey *prey)
{
    OWN(task_handle) task = {0};

    tokens_start("");
    prey->rounds = 0;
    if (!CHECK(t, fault_plant(place, TIMER_INTERRUPT, 0) == OK, "nothing can be planted there"))
        return false;
    if (task_spawn(&task, "prey", kills_itself, prey))
        prey->inner = task_join(&task, NULL);
    else
        CHECK(t, false, "no memory");
    return !fault_unplant();
}

/* QEMU takes interrupts where its blocks of translated code begin, so in a loop of calls hardly anywhere else. Now and
 * then a turn ends with the interrupt, and the task goes on first. */
TEST(unwind, kill_takes_effect_where_a_function_begins)
{
    unsigned came = 0, ended = 0;
    struct symbol_info letter;
    struct prey prey;

    if (!CHECK(t, symbol_find("token_letter", &letter), "no token_letter()"))
        return;
    for (unsigned i = 0; i < 20; i++) {
        bool there = interrupt_at_call(t, letter.address, &prey);

        check_tokens(t, "begins", NULL);
        came += there;
        ended += there && prey.rounds == 0 && prey.inner == ERR_CANCELLED;
    }
    CHECK(t, came > 0, "no interrupt came there");
    CHECK(t, 2 * ended > came, "%u of %u interrupts ended the task", ended, came);
}

static enum status compute_within(void *argument)
{
    return (enum status)computes(argument);
}

/* What it is guarded for comes back with an error; then it ends itself, as it parks. */
static int guards(void *argument)
{
    struct prey *prey = argument;
    OWN(token) g = {0};

    role_assert_may_park();
    if (!token_take(&g, 'g'))
        return 1;
    prey->inner = guarded_call(compute_within, prey);
    for (;;)
        task_park();
}

TEST(unwind, kill_ends_a_guarded_call_first)
{
    struct prey prey = {0};
    enum status status = spawn_and_kill(t, guards, &prey);

    CHECK(t, status == ERR_CANCELLED, "the task ended: %s", status_name(status));
    CHECK(t, prey.inner == ERR_CANCELLED, "the call ended: %s", status_name(prey.inner));
    check_tokens(t, "guards", "cg");
}

TEST(unwind, kill_of_nobody_is_refused)
{
    CHECK(t, task_kill(UINT64_MAX) == ERR_NOT_FOUND, "a task of that number");
    CHECK(t, task_kill(1) == ERR_NOT_FOUND, "a task of the nucleus");
}

/* --- many, at any time --- */

struct shared {
    struct spinlock lock;
    /* lock guards: */
    uint64_t first, second; /* always equal */
};

static inline struct shared *inside(struct shared *shared) REQUIRES(shared->lock);
static inline struct shared *inside(struct shared *shared)
{
    return shared;
}

struct member {
    struct shared *shared;
    uint64_t random;
};

static uint64_t draw(uint64_t *random) /* Marsaglia's xorshift64 */
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static __attribute__((noinline)) void use_lock(struct shared *shared)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &shared->lock);
    inside(shared)->first++;
    for (unsigned i = 0; i < 20; i++)
        hidden(i);
    inside(shared)->second++;
    spin_unlock(&guard, &shared->lock);
}

static __attribute__((noinline)) void use_mapping(uint64_t random)
{
    OWN(mapping) pages = {0};
    uint64_t bytes = (random % 3 + 1) * PAGE_BYTES;

    if (!mapping_map(&pages, bytes, MAP_WRITE))
        return;
    memset(mapping_address(&pages), (int)random, bytes);
    mapping_drop(&pages);
}

static int child(void *argument)
{
    return (int)(uint64_t)argument;
}

static void use_child(uint64_t random) REQUIRES(may_park);
static __attribute__((noinline)) void use_child(uint64_t random)
{
    OWN(task_handle) task = {0};

    if (task_spawn(&task, "child", child, (void *)random))
        (void)task_join(&task, NULL);
}

static void use_tokens(struct member *member, unsigned depth) REQUIRES(may_park);
static __attribute__((noinline)) void use_tokens(struct member *member, unsigned depth)
{
    OWN(token) held = {0};

    if (!token_take(&held, (char)('0' + depth % 10)))
        return;
    if (depth)
        use_tokens(member, depth - 1);
    else if (draw(&member->random) % 2)
        task_yield();
    else
        clock_sleep(draw(&member->random) % MS);
    token_drop(&held);
}

static int work(void *argument)
{
    struct member *member = argument;

    role_assert_may_park();
    while (member->shared) {
        uint64_t random = draw(&member->random);

        if (random % 5 == 0)
            use_tokens(member, (unsigned)(random / 8 % 6));
        else if (random % 5 == 1)
            use_mapping(random / 8);
        else if (random % 5 == 2)
            use_child(random / 8);
        else
            use_lock(member->shared);
        for (uint64_t i = 0; i < random / 64 % 512; i++)
            hidden(i);
    }
    return 0;
}

struct HOLDS hunter {
    struct shared *shared;
    uint64_t number, kills, wrong;
    task_handle task; /* hunt_together() joins it */
};

/* Starts one after another, lets it work for a while, kills it and waits for it. */
static int hunt(void *argument)
{
    struct hunter *hunter = argument;

    role_assert_may_park();
    for (uint64_t i = 0; i < hunter->kills; i++) {
        OWN(task_handle) task = {0};
        struct member member = {hunter->shared, (hunter->number * 1000003 + i + 1) * 0x9e3779b97f4a7c15ul};
        uint64_t patience = member.random >> 40;

        if (!task_spawn(&task, "prey", work, &member)) {
            hunter->wrong++;
            continue;
        }
        if (patience % 3)
            clock_sleep(patience % (2 * MS));
        else
            task_yield();
        hunter->wrong += task_kill(task.task->number) != OK;
        hunter->wrong += task_join(&task, NULL) != ERR_CANCELLED;
    }
    return 0;
}

/* Unchecked: clang cannot follow handles in an array. */
static void hunt_together(struct test_run *t, struct hunter hunters[CREW]) UNCHECKED
{
    for (unsigned i = 0; i < CREW; i++)
        CHECK(t, task_spawn(&hunters[i].task, "hunter", hunt, &hunters[i]), "no memory");
    for (unsigned i = 0; i < CREW; i++) {
        if (hunters[i].task.task)
            (void)task_join(&hunters[i].task, NULL);
    }
}

TEST(unwind, random_kills_leave_nothing)
{
    unsigned kills = kill_count(KILLS);
    struct shared shared = {0};
    struct hunter hunters[CREW];
    struct stock before, after;
    uint64_t wrong = 0;

    stock_take(&before);
    tokens_start("");
    for (unsigned i = 0; i < CREW; i++)
        hunters[i] = (struct hunter){
            .shared = &shared, .number = i, .kills = kills / CREW + (i < kills % CREW)};
    hunt_together(t, hunters);
    stock_take(&after);
    for (uint64_t limit = clock_now_ns() + LIMIT_NS; after.objects != before.objects && clock_now_ns() < limit;) {
        clock_sleep(MS); /* children of those that were killed end by themselves */
        stock_take(&after);
    }
    for (unsigned i = 0; i < CREW; i++)
        wrong += hunters[i].wrong;
    CHECK(t, wrong == 0, "%lu of %u kills went wrong", wrong, kills);
    check_tokens(t, "kills", NULL);
    use_lock(&shared); /* nobody holds it */
    CHECK(t, shared.first == shared.second, "%lu and %lu", shared.first, shared.second);
    CHECK(t, after.objects == before.objects && after.mapped_pages == before.mapped_pages,
          "%lu objects and %lu pages, were %lu and %lu", after.objects, after.mapped_pages,
          before.objects, before.mapped_pages);
}
