/* Tasks whose stack pointer is destroyed: what their frames hold cannot be found any more, which is said, and nothing
 * else may suffer from it.
 *
 * C has two ways to a wild sp. A function with an array of variable size moves it as far as the size says, and keeps
 * its caller's in s0; then the frames above can still be found if sp is within the stack (alloca_to()). And such a
 * function computes sp from s0 when it returns, while the functions that it calls save s0 on the stack, below their
 * return address (RISC-V psABI, "Frame Pointer Convention"), where it can be overwritten (return_to()). What C cannot
 * change are tp, gp and the CSRs, so that the nucleus' own are wrong; no test does. */
#include "faults.h"
#include "logs.h"
#include "nucleus/format.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "texts.h"

/* --- wild stack pointers --- */

/* No frame, and a load that faults. */
static __attribute__((noinline)) uint64_t leaf(uint64_t *where)
{
    return where[0] + where[1];
}

/* Its frame is made first: that faults where sp leads to no memory. */
static __attribute__((noinline)) uint64_t framed(uint64_t *where)
{
    volatile uint64_t room[4];

    for (unsigned i = 0; i < 4; i++)
        room[i] = hidden(i);
    return leaf(where) + room[1];
}

static __attribute__((noinline)) uint64_t spins(uint64_t *where)
{
    while (where)
        __atomic_signal_fence(__ATOMIC_SEQ_CST); /* so that the loop stays */
    return 0;
}

/* Calls @p f with @p sp, a multiple of 16. */
static __attribute__((noinline)) uint64_t alloca_to(uint64_t sp, culprit f)
{
    char *here = __builtin_alloca(hidden(16));
    char *there = __builtin_alloca((uint64_t)here - sp);

    return f(BAD) + (uint64_t)there + (uint64_t)here;
}

/* Returns with another s0. */
static __attribute__((noinline)) void return_with(uint64_t frame)
{
    volatile uint64_t *own = __builtin_frame_address(0);

    own[-2] = hidden(frame);
}

/* Returns as if the frame of its caller ended at @p sp: its return address and s0 are taken from below that. */
static __attribute__((noinline)) uint64_t return_to(uint64_t sp)
{
    volatile char *room = __builtin_alloca(hidden(32));

    room[0] = 1;
    return_with(sp);
    return (uint64_t)BAD;
}

/* Goes on in @p f with @p sp, below which there is memory. */
static __attribute__((noinline)) uint64_t forge_to(uint64_t sp, culprit f)
{
    uint64_t frame[4] = {0, 0, 0, (uint64_t)f};

    memcpy((void *)(sp - sizeof frame), frame, sizeof frame);
    return return_to(sp);
}

/* --- one after the other, in a task of its own --- */

/* Where sp is to lead. */
enum place { ZERO, UNMAPPED, LOWEST, BELOW, ABOVE, OWN_ODD, OWN_DATA, TEXT, HEAP, HEAP_ODD, OTHER, OTHER_FRAME };

struct wreck {
    const char *what;
    enum place place;
    culprit f;
    const char *where; /* the function that faults */
    bool forged; /* by return_to(), else by alloca_to() */
    bool found;  /* its frames can be followed nevertheless */
};

static const struct wreck wrecks[] = {
    {"0, in a leaf", ZERO, leaf, "leaf", false, false},
    {"0, and a frame is made", ZERO, framed, "framed", false, false},
    {"0, returning", ZERO, NULL, "return_to", true, false},
    {"nowhere, in a leaf", UNMAPPED, leaf, "leaf", false, false},
    {"nowhere, and a frame is made", UNMAPPED, framed, "framed", false, false},
    {"nowhere, returning", UNMAPPED, NULL, "return_to", true, false},
    {"at the end of the stack", LOWEST, framed, "framed", false, true},
    {"within the free part of the stack", BELOW, framed, "leaf", false, true},
    {"above its frame", ABOVE, leaf, "leaf", false, false},
    {"odd", OWN_ODD, leaf, "leaf", true, false},
    {"odd, and a frame is made", OWN_ODD, framed, "leaf", true, false},
    {"in an array of a caller", OWN_DATA, leaf, "leaf", true, false},
    {"in an array of a caller, and a frame is made", OWN_DATA, framed, "leaf", true, false},
    {"in text", TEXT, leaf, "leaf", false, false},
    {"in text, and a frame is made", TEXT, framed, "framed", false, false},
    {"in the heap", HEAP, framed, "leaf", true, false},
    {"odd, in the heap", HEAP_ODD, framed, "leaf", true, false},
    {"in another task's stack", OTHER, framed, "leaf", true, false},
    {"at a frame of another task", OTHER_FRAME, NULL, "sleep_entry", true, false},
};
#define WRECKS (sizeof wrecks / sizeof wrecks[0])

struct trial {
    const struct wreck *wreck;
    uint64_t other; /* memory of somebody else's, with room below and above */
    enum status inner;
};

static __attribute__((noinline)) uint64_t be_wrecked(const struct trial *trial)
{
    const struct task *self = task_current();
    uint64_t array[256];
    uint64_t middle = ((uint64_t)&array[128] + 15) & ~15ul;
    const uint64_t places[] = {
        [ZERO] = 0,
        [UNMAPPED] = 0x123450,
        [LOWEST] = self->stack_low,
        [BELOW] = self->stack_low + 4096,
        [ABOVE] = self->stack_high - 64,
        [OWN_ODD] = middle + 5,
        [OWN_DATA] = middle,
        [TEXT] = (uint64_t)task_yield & ~15ul,
        [HEAP] = trial->other,
        [HEAP_ODD] = trial->other + 3,
        [OTHER] = trial->other,
        [OTHER_FRAME] = trial->other,
    };
    uint64_t sp = places[trial->wreck->place];

    memset(array, 0, sizeof array);
    if (!trial->wreck->forged)
        return alloca_to(sp, trial->wreck->f);
    return (trial->wreck->f ? forge_to(sp, trial->wreck->f) : return_to(sp)) + array[hidden(1)];
}

static enum status hold_and_be_wrecked(void *argument)
{
    OWN(token) b = {0};
    uint64_t result;

    if (!token_take(&b, 'b'))
        return ERR_NOMEM;
    result = be_wrecked(argument);
    token_drop(&b);
    return result ? OK : ERR_IO;
}

static int wreck_entry(void *argument)
{
    OWN(token) a = {0};
    int result;

    if (!token_take(&a, 'a'))
        return 1;
    result = (int)hold_and_be_wrecked(argument);
    token_drop(&a);
    return result;
}

static int guarded_entry(void *argument)
{
    OWN(token) a = {0};
    struct trial *trial = argument;

    if (!token_take(&a, 'a'))
        return 1;
    trial->inner = guarded_call(hold_and_be_wrecked, trial);
    token_drop(&a);
    return 0;
}

/* Whether the log has the texts @p parts since @p from, in this order. */
static bool log_has(uint64_t from, const char *const parts[])
{
    char text[6000];

    log_copy(from, text, sizeof text);
    return has_in_order(text, parts);
}

static const char *const lost[] = {"fault: ", " culprit: its stack cannot be followed",
                                   "what its frames hold is lost", NULL};

/* What was lost is what @p trial's frames held, and the log says so, or is silent when nothing was. */
static void check_lost(struct test_run *t, const struct trial *trial, uint64_t from, const char *unwound)
{
    const struct wreck *wreck = trial->wreck;
    struct tokens tokens;
    char place[64];

    format(place, sizeof place, "(unwind_tests:%s+0x", wreck->where);
    CHECK(t, log_has(from, TEXTS("fault: ", " culprit hart ", place)), "sp %s: no fault in %s()", wreck->what,
          wreck->where);
    tokens_read(&tokens);
    CHECK(t, strcmp(tokens.unwound, wreck->found ? unwound : "") == 0, "sp %s: unwound \"%s\"", wreck->what,
          tokens.unwound);
    CHECK(t, log_has(from, lost) == !wreck->found, "sp %s: the log says %s", wreck->what,
          wreck->found ? "that frames are lost" : "nothing of frames that are lost");
}

static void try_wreck(struct test_run *t, struct trial *trial) REQUIRES(may_park);
static void try_wreck(struct test_run *t, struct trial *trial)
{
    const char *what = trial->wreck->what;
    uint64_t from = log_end();
    struct stock before, after;
    struct tokens tokens;
    enum status status;

    stock_take(&before);
    tokens_start("");
    status = run_alone(wreck_entry, trial);
    CHECK(t, status == ERR_FAULT, "sp %s: the task ended: %s", what, status_name(status));
    check_lost(t, trial, from, "ba");
    from = log_end();
    tokens_start("");
    status = run_alone(guarded_entry, trial);
    CHECK(t, status == OK && trial->inner == ERR_FAULT, "sp %s: the task ended: %s, its guarded call: %s", what,
          status_name(status), status_name(trial->inner));
    check_lost(t, trial, from, "b");
    tokens_read(&tokens);
    CHECK(t, tokens.taken == 2 && tokens.dropped == 1, "sp %s: the caller of the guarded call did not go on", what);
    tokens_start(""); /* frees what was lost */
    stock_take(&after);
    CHECK(t, after.objects == before.objects && after.mapped_pages == before.mapped_pages,
          "sp %s: %lu objects and %lu pages, were %lu and %lu", what, after.objects, after.mapped_pages,
          before.objects, before.mapped_pages);
}

struct sleeper {
    struct wait_queue queue;
    uint32_t open; /* atomic */
    uint64_t sum;
    uint64_t frame; /* where that of hold_still() ends */
};

/* Waits with a known frame, and with words of which it knows the sum. Who returns from here on this stack without
 * having been here returns BAD (return_to()). */
static uint64_t *hold_still(struct sleeper *sleeper) REQUIRES(may_park);
static __attribute__((noinline)) uint64_t *hold_still(struct sleeper *sleeper)
{
    OWN(wait_op) op = {0};
    volatile uint64_t words[16];

    for (unsigned i = 0; i < 16; i++)
        words[i] = hidden(i + 1);
    sleeper->frame = (uint64_t)__builtin_frame_address(0);
    wait_begin(&op);
    while (wait_enter(&op, &sleeper->queue) == OK) {
        if (__atomic_load_n(&sleeper->open, __ATOMIC_ACQUIRE))
            break;
        task_park();
    }
    wait_end(&op);
    for (unsigned i = 0; i < 16; i++)
        sleeper->sum += words[i];
    return &sleeper->sum;
}

static int sleep_entry(void *argument)
{
    role_assert_may_park();
    return (int)*hold_still(argument);
}

static void try_all(struct test_run *t, uint8_t *buffer, const struct task *other, const struct sleeper *sleeping)
    REQUIRES(may_park);
static void try_all(struct test_run *t, uint8_t *buffer, const struct task *other, const struct sleeper *sleeping)
{
    for (unsigned i = 0; i < WRECKS; i++) {
        struct trial trial = {.wreck = &wrecks[i], .other = ((uint64_t)buffer & ~15ul) + 4096};

        if (wrecks[i].place == OTHER) /* in its free part: what is written there is nobody's */
            trial.other = other->stack_low + 4096;
        else if (wrecks[i].place == OTHER_FRAME)
            trial.other = sleeping->frame;
        try_wreck(t, &trial);
    }
}

TEST(unwind, destroyed_stack_pointers_end_the_task_only)
{
    OWN(task_handle) other = {0};
    struct sleeper sleeping;
    uint8_t *buffer = heap_alloc_bytes(test_buffers(), 8192);
    int sum = 0;

    memset(&sleeping, 0, sizeof sleeping);
    wait_queue_init(&sleeping.queue);
    if (buffer && task_spawn(&other, "sleeper", sleep_entry, &sleeping)) {
        while (task_state(other.task) != TASK_PARKED)
            task_yield();
        try_all(t, buffer, other.task, &sleeping);
        __atomic_store_n(&sleeping.open, 1, __ATOMIC_RELEASE);
        (void)wait_wake(&sleeping.queue, 1);
        CHECK(t, task_join(&other, &sum) == OK && sum == 136, "another task's words have the sum %d, not 136", sum);
    } else {
        CHECK(t, false, "no memory");
    }
    heap_free(test_buffers(), buffer);
}

/* --- while the task goes on --- */

static int spin_entry(void *argument)
{
    __atomic_store_n((uint32_t *)argument, 1, __ATOMIC_RELEASE);
    return (int)alloca_to(0, spins);
}

/* Nobody can know which cells it is in: so none is replaced, until a kill has ended it, though not at a safe place. */
TEST(unwind, task_without_a_stack_holds_up_swaps_and_can_be_killed)
{
    static const char *const killed[] = {"culprit is killed in unwind_tests:spins", "may be lost", "culprit",
                                         "its stack cannot be followed", NULL};
    OWN(task_handle) task = {0};
    struct swap_report report;
    uint32_t there = 0;
    uint64_t from = log_end();

    if (!task_spawn(&task, "culprit", spin_entry, &there)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!__atomic_load_n(&there, __ATOMIC_ACQUIRE))
        task_yield();
    CHECK(t, swap_itself(&report, "tokens") == ERR_BUSY && has_in_order(report.why.text, TEXTS("culprit")),
          "a swap beside it: %s: %s", status_name(report.status), report.why.text);
    CHECK(t, task_kill(task.task->number) == OK, "it has ended before");
    CHECK(t, task_join(&task, NULL) == ERR_CANCELLED, "it was not killed");
    CHECK(t, log_has(from, killed), "the log does not say what the kill may have cost");
    CHECK(t, swap_itself(&report, "tokens") == OK, "a swap after it: %s: %s", status_name(report.status),
          report.why.text);
}
