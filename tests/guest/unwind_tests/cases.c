/* One fault after another: where it is, and what was held on the way there. */
#include "faults.h"
#include "nucleus/heap.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

static __attribute__((noinline)) uint64_t leaf(uint64_t *where)
{
    return where[0] + where[1];
}

TEST(unwind, fault_in_a_leaf)
{
    expect_unwound(t, "leaf", leaf, "cba");
}

static __attribute__((noinline, noreturn)) void never_returns(volatile uint64_t *where)
{
    for (;;)
        *where = 1;
}

/* The return address of the call is behind the function's last instruction. */
static uint64_t calls_last(uint64_t *where)
{
    OWN(token) n = {0};

    if (!token_take(&n, 'n'))
        return 0;
    never_returns(where);
}

TEST(unwind, fault_in_a_call_that_is_the_last_instruction)
{
    expect_unwound(t, "last", calls_last, "ncba");
}

static uint64_t frees_twice(uint64_t *where)
{
    heap_free((struct kind *)where, where);
    return 0;
}

TEST(unwind, fault_in_the_nucleus)
{
    expect_unwound(t, "heap_free", frees_twice, "cba");
}

/* Two tokens and an inner scope; the fault comes before the last one is taken. */
static uint64_t scopes(uint64_t *where)
{
    OWN(token) d = {0};
    OWN(token) f = {0};
    uint64_t sum;

    if (!token_take(&d, 'd'))
        return 0;
    {
        OWN(token) e = {0};

        if (token_take(&e, 'e'))
            token_drop(&e);
    }
    if (token_take(&f, 'f')) {
        sum = *where;
        token_drop(&f);
    } else {
        sum = 1;
    }
    token_drop(&d);
    return sum + hidden(1);
}

TEST(unwind, fault_in_the_frame_that_holds)
{
    expect_unwound(t, "scopes", scopes, "fdcba");
}

TEST(unwind, calls_through_bad_pointers)
{
    static const uint64_t no_code[2] = {0x8082, 0x8082};

    expect_unwound(t, "NULL", (culprit)hidden(0), "cba");
    expect_unwound(t, "wild", (culprit)hidden(0x123456), "cba");
    expect_unwound(t, "odd", (culprit)hidden(0x7fffffffffff), "cba");
    expect_unwound(t, "data", (culprit)hidden((uint64_t)no_code), "cba");
    expect_unwound(t, "stack", (culprit)hidden((uint64_t)&no_code - 64), "cba");
}

TEST(unwind, cleanups_that_fault)
{
    expect_unwound_with(t, "two of three", leaf, "bc", "cba");
    expect_unwound_with(t, "all, siblings too", scopes, "abcdf", "fdcba");
}

/* The last words of a function: nothing faults but a cleanup that is run by hand. */
static uint64_t cleanup_by_hand(uint64_t *where) UNCHECKED
{
    OWN(token) m = {0};

    (void)where;
    if (!token_take(&m, 'm'))
        return 0;
    token_unwind(&m);
    return hidden(1);
}

TEST(unwind, cleanup_that_faults_while_nothing_unwinds)
{
    expect_unwound_with(t, "by hand", cleanup_by_hand, "m", "mcba");
}

struct large {
    uint64_t words[400];
};

static uint64_t copies(uint64_t *where)
{
    OWN(token) s = {0};
    struct large large;

    if (!token_take(&s, 's'))
        return 0;
    memset(&large, 1, sizeof large);
    memcpy(where, &large, sizeof large);
    token_drop(&s);
    return large.words[hidden(3)];
}

static uint64_t adds(uint64_t *where)
{
    OWN(token) l = {0};

    if (!token_take(&l, 'l'))
        return 0;
    __atomic_fetch_add(where, 1, __ATOMIC_SEQ_CST);
    token_drop(&l);
    return 1;
}

TEST(unwind, fault_in_copies_and_atomics)
{
    expect_unwound(t, "memcpy", copies, "scba");
    expect_unwound(t, "atomic", adds, "lcba");
}

/* --- stacks that are full or broken --- */

static __attribute__((noinline)) uint64_t recurse(uint64_t depth)
{
    OWN(token) r = {0};
    uint64_t result;

    if (!token_take(&r, 'r'))
        return 0;
    result = recurse(depth + 1) + hidden(depth);
    token_drop(&r);
    return result;
}

static uint64_t overflows(uint64_t *where)
{
    return recurse((uint64_t)where);
}

TEST(unwind, stack_overflow_leaves_room_for_cleanups)
{
    struct tokens tokens;

    expect_unwound(t, "overflow", overflows, NULL);
    tokens_read(&tokens);
    CHECK(t, tokens.unwound_count > 50, "only %lu frames", tokens.unwound_count);
    expect_unwound(t, "overflow, again", overflows, NULL);
}

/* Writes over its own frame and over those of its callers. */
static __attribute__((noinline)) uint64_t smashes(uint64_t *where)
{
    volatile uint64_t room[2];
    volatile uint64_t *at = (volatile uint64_t *)hidden((uint64_t)room);

    for (unsigned i = 0; i < 24; i++)
        at[i] = 0x4141414141414140;
    return *where;
}

static __attribute__((noinline)) uint64_t smashes_and_returns(uint64_t *where)
{
    volatile uint64_t room[2];
    volatile uint64_t *at = (volatile uint64_t *)hidden((uint64_t)room);

    (void)where;
    for (unsigned i = 0; i < 12; i++)
        at[i] = 0x4141414141414140;
    return hidden(at[1]);
}

static int smash_entry(void *argument)
{
    return (int)((culprit)(uint64_t)argument)(BAD);
}

/* What was on it cannot be known any more. The task ends, and the system goes on. */
TEST(unwind, broken_stacks_end_the_task_only)
{
    culprit broken[] = {smashes, smashes_and_returns};

    for (unsigned i = 0; i < 2; i++) {
        enum status status = run_alone(smash_entry, (void *)(uint64_t)broken[i]);

        CHECK(t, status == ERR_FAULT, "%u: the task ended: %s", i, status_name(status));
    }
    expect_unwound(t, "after them", leaf, "cba");
}

/* --- guarded calls --- */

struct guarded {
    culprit f;
    enum status inner, outer;
};

static enum status call_culprit(void *argument)
{
    OWN(token) g = {0};
    const struct guarded *guarded = argument;

    if (!token_take(&g, 'g'))
        return ERR_NOMEM;
    guarded->f(BAD);
    token_drop(&g);
    return OK;
}

static enum status call_guarded(void *argument)
{
    OWN(token) h = {0};
    struct guarded *guarded = argument;

    if (!token_take(&h, 'h'))
        return ERR_NOMEM;
    guarded->inner = guarded_call(call_culprit, guarded);
    guarded->f(BAD);
    token_drop(&h);
    return OK;
}

static int guard_twice(void *argument)
{
    OWN(token) k = {0};
    struct guarded *guarded = argument;

    if (!token_take(&k, 'k'))
        return 1;
    guarded->outer = guarded_call(call_guarded, guarded);
    token_drop(&k);
    return 7;
}

TEST(unwind, guarded_calls_end_it_and_go_on)
{
    struct guarded guarded = {.f = leaf};
    enum status status;

    tokens_start("");
    status = run_alone(guard_twice, &guarded);
    CHECK(t, status == OK, "the task ended: %s", status_name(status));
    CHECK(t, guarded.inner == ERR_FAULT && guarded.outer == ERR_FAULT, "%s, %s",
          status_name(guarded.inner), status_name(guarded.outer));
    check_tokens(t, "guarded", "gh");
    guarded = (struct guarded){.f = leaf};
    tokens_start("gh");
    CHECK(t, run_alone(guard_twice, &guarded) == OK, "a task whose guarded calls' cleanups fault");
    CHECK(t, guarded.inner == ERR_FAULT && guarded.outer == ERR_FAULT, "cleanups that fault");
    check_tokens(t, "guarded, cleanups that fault", "gh");
}

/* --- a cleanup with a guarded call in it --- */

static enum status load_badly(void *argument)
{
    return (enum status)leaf(argument);
}

struct fragile {
    unsigned failures;
};

static void fragile_unwind(struct fragile **fragile)
{
    (*fragile)->failures += guarded_call(load_badly, BAD) == ERR_FAULT;
    (*fragile)->failures += guarded_call(load_badly, BAD) == ERR_FAULT;
}

static __attribute__((noinline)) void hold_fragile(struct fragile *fragile)
{
    struct fragile *held __attribute__((cleanup(fragile_unwind))) = fragile;

    leaf((uint64_t *)hidden((uint64_t)BAD));
    held->failures = 100;
}

static int fragile_entry(void *argument)
{
    OWN(token) q = {0};

    if (!token_take(&q, 'q'))
        return 1;
    hold_fragile(argument);
    token_drop(&q);
    return 0;
}

TEST(unwind, guarded_calls_of_cleanups_fail_alone)
{
    struct fragile fragile = {0};
    enum status status;

    tokens_start("");
    status = run_alone(fragile_entry, &fragile);
    CHECK(t, status == ERR_FAULT, "the task ended: %s", status_name(status));
    CHECK(t, fragile.failures == 2, "%u calls failed", fragile.failures);
    check_tokens(t, "fragile", "q");
}

/* --- registers --- */

struct numbers {
    uint64_t of[11], seed, seen;
};

static void numbers_unwind(uint64_t (*values)[12])
{
    struct numbers *numbers = (struct numbers *)(*values)[11];

    for (unsigned i = 0; i < 11; i++)
        numbers->seen += (*values)[i] == numbers->seed + i;
}

/* GCC keeps the eleven in s1 to s11, as far as they go, and gives them to the cleanup. */
static __attribute__((noinline)) uint64_t many_registers(struct numbers *numbers)
{
    uint64_t values[12] __attribute__((cleanup(numbers_unwind)));

    for (unsigned i = 0; i < 11; i++)
        values[i] = hidden(numbers->seed + i);
    values[11] = (uint64_t)numbers;
    leaf(BAD);
    return values[hidden(2)];
}

static int registers_entry(void *argument)
{
    return (int)many_registers(argument);
}

TEST(unwind, registers_that_calls_keep_are_those_of_the_frame)
{
    struct numbers numbers = {.seed = 0x1234};

    CHECK(t, run_alone(registers_entry, &numbers) == ERR_FAULT, "it did not fault");
    CHECK(t, numbers.seen == 11, "%lu of 11 are right", numbers.seen);
}
