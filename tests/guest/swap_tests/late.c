/* A task that enters the old cell after it was seen outside of it, and before all harts are held. */
#include "clock.h"
#include "console.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "swaps.h"
#include "task.h"

#define FILLERS 100u
#define DEPTH 220u        /* frames of each, so that the look at all of them takes longer than a turn */
#define STEPS 20000000ul /* some turns */
#define VISITS 5u
#define ATTEMPTS 10u

struct HOLDS late {
    struct task *visitor; /* set before the first swap */
    uint32_t stop;        /* atomic */
    uint32_t quiet;       /* atomic: the visitor has seen `stale` */
    uint64_t stale;       /* the mark that it has from the swap before; atomic */
    struct wait_queue queue;
    task_handle fillers[FILLERS]; /* fillers_end() joins them */
};

static unsigned wait_here(struct late *late) REQUIRES(may_park);
static __attribute__((noinline)) unsigned wait_here(struct late *late)
{
    OWN(wait_op) op = {0};

    wait_begin(&op);
    while (wait_enter(&op, &late->queue) == OK) {
        if (__atomic_load_n(&late->stop, __ATOMIC_ACQUIRE))
            break;
        task_park();
    }
    wait_end(&op);
    return 0;
}

/* Waits where the walk of its stack is long. */
static unsigned wait_deep(struct late *late, unsigned depth) REQUIRES(may_park);
static __attribute__((noinline)) unsigned wait_deep(struct late *late, unsigned depth)
{
    return (depth ? wait_deep(late, depth - 1) : wait_here(late)) + depth;
}

static int fill(void *argument)
{
    role_assert_may_park();
    return (int)wait_deep(argument, DEPTH);
}

/* Unchecked, both: clang cannot follow handles in an array. */
static void fillers_begin(struct test_run *t, struct late *late) UNCHECKED
{
    for (unsigned i = 0; i < FILLERS; i++) {
        if (!CHECK(t, task_spawn(&late->fillers[i], "filler", fill, late), "no memory"))
            return;
        while (task_state(late->fillers[i].task) != TASK_PARKED && task_state(late->fillers[i].task) != TASK_DEAD)
            task_yield();
    }
}

static void fillers_end(struct test_run *t, struct late *late) REQUIRES(may_park);
static void fillers_end(struct test_run *t, struct late *late) UNCHECKED
{
    (void)wait_wake(&late->queue, FILLERS);
    for (unsigned i = 0; i < FILLERS; i++) {
        if (late->fillers[i].task)
            CHECK(t, task_join(&late->fillers[i], NULL) == OK, "number %u ended badly", i);
    }
}

/* As soon as a swap has seen it outside, and so it has another mark, it is in the victim for a while, but for moments. */
static int visit_late(void *argument)
{
    struct late *late = argument;
    const struct task *self = task_current();
    unsigned visits = 0;

    role_assert_may_park();
    while (!__atomic_load_n(&late->stop, __ATOMIC_ACQUIRE)) {
        uint64_t mark = __atomic_load_n(&self->outside, __ATOMIC_RELAXED);

        if (!mark || mark == __atomic_load_n(&late->stale, __ATOMIC_ACQUIRE)) {
            __atomic_store_n(&late->quiet, 1, __ATOMIC_RELEASE);
            visits = 0;
        } else if (visits++ < VISITS) {
            (void)victim_compute(STEPS);
        }
        task_yield();
    }
    return 0;
}

/* One swap. @return whether it did what it should, and the visitor was in the old version at the first try: @p entered. */
static bool swap_beside(struct test_run *t, struct late *late, bool *entered) REQUIRES(may_park);
static bool swap_beside(struct test_run *t, struct late *late, bool *entered)
{
    struct swap_report report;
    struct cell_info old;
    enum status status;

    if (!CHECK(t, cell_find("victim", &old), "no cell of that name"))
        return false;
    __atomic_store_n(&late->stale, late->visitor->outside, __ATOMIC_RELEASE);
    __atomic_store_n(&late->quiet, 0, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&late->quiet, __ATOMIC_ACQUIRE))
        task_yield();
    status = swap_ask("victim", "victim", NULL, &report);
    *entered = report.tries > 1;
    return CHECK(t, status == OK, "%s: %s", status_name(status), report.why.text) &&
           CHECK(t, late->visitor->registers.pc - old.text >= old.text_bytes,
                 "the old version was replaced with a task in it");
}

TEST(swap, task_that_enters_late_is_waited_for)
{
    OWN(task_handle) visitor = {0};
    struct late late;
    bool entered = false, good = true;

    if (hart_count() > 1) { /* there nobody knows where the visitor is: it may run */
        test_skip(t, "one hart only");
        return;
    }
    memset(&late, 0, sizeof late);
    wait_queue_init(&late.queue);
    if (!task_spawn(&visitor, "visitor", visit_late, &late)) { /* before the others: it is looked at first */
        CHECK(t, false, "no memory");
        return;
    }
    late.visitor = visitor.task;
    fillers_begin(t, &late);
    for (unsigned i = 0; i < ATTEMPTS && good && !entered; i++)
        good = swap_beside(t, &late, &entered);
    if (!entered) /* a fast host looks at all tasks within one turn; guest.swap_late counts instructions */
        print("# the visitor never came in time\n");
    __atomic_store_n(&late.stop, 1, __ATOMIC_RELEASE);
    fillers_end(t, &late);
    CHECK(t, task_join(&visitor, NULL) == OK, "the visitor ended badly");
}
