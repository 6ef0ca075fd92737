/* Who walks stacks reads the table of cells without a lock, and finds each cell that is in it, also while a swap
 * goes on: a fault elsewhere must not stop the machine because a cell changes just now. */
#include "console.h"
#include "nucleus/hart.h"
#include "nucleus/records.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "nucleus/walk.h"
#include "swaps.h"
#include "task.h"

#define SWAPS 200u
#define WALKS 100u /* between two looks at the clock of the test */

struct readers {
    uint32_t stop;          /* atomic */
    uint32_t seen, unfound; /* versions that were looked at; and that were in the table, and not found; atomic */
    uint32_t swaps;         /* done; atomic */
};

/* The new version of victim, before it is exchanged for the old one. */
struct newcomer {
    uint64_t function; /* to find */
    uint64_t listed;   /* found */
};

static bool look_for_newcomer(const struct cell *cell, void *argument)
{
    struct newcomer *newcomer = argument;

    if (cell->live || cell->zombie || strcmp(cell->manifest.name, "victim") != 0 ||
        cell->export_count == 0 || !cell->text.base)
        return true;
    newcomer->function = cell->exports[0].address;
    return newcomer->function == 0;
}

static bool look_for_function(const struct cell *cell, void *argument)
{
    struct newcomer *newcomer = argument;

    newcomer->listed += newcomer->function - (uint64_t)cell->text.base < cell->text.bytes;
    return newcomer->listed == 0;
}

static __attribute__((noinline)) bool walk_from(uint64_t function)
{
    const struct registers registers = {.pc = function, .status = 1, .x[1] = function, .x[2] = 4096};
    struct walk walk;

    walk_begin(&walk, &registers, 0, 8192);
    return walk_next(&walk) == WALK_FRAME;
}

/* As a trap handler looks, interrupts off: so what leaves the table is not freed before it has finished. */
static bool is_found(uint64_t function)
{
    OWN(irq_guard) guard = {0};
    bool found;

    irq_disable(&guard);
    found = walk_from(function);
    irq_restore(&guard);
    return found;
}

/* Walks from the newcomer's function, until the swap is over and it is the one that serves. */
static void look_on(struct readers *readers, struct newcomer *newcomer)
{
    uint32_t swaps = __atomic_load_n(&readers->swaps, __ATOMIC_ACQUIRE);

    while (!is_found(newcomer->function) && __atomic_load_n(&readers->swaps, __ATOMIC_ACQUIRE) == swaps)
        continue; /* its tables are not read in yet */
    while (__atomic_load_n(&readers->swaps, __ATOMIC_ACQUIRE) == swaps) {
        for (unsigned i = 0; i < WALKS; i++) {
            if (is_found(newcomer->function))
                continue;
            newcomer->listed = 0;
            cells_visit(look_for_function, newcomer);
            (void)__atomic_fetch_add(&readers->unfound, newcomer->listed != 0, __ATOMIC_RELAXED);
        }
    }
    (void)__atomic_fetch_add(&readers->seen, 1, __ATOMIC_RELAXED);
}

static int read_on(void *argument)
{
    struct readers *readers = argument;

    role_assert_may_park();
    while (!__atomic_load_n(&readers->stop, __ATOMIC_ACQUIRE)) {
        struct newcomer newcomer = {0, 0};

        cells_visit(look_for_newcomer, &newcomer);
        if (newcomer.function)
            look_on(readers, &newcomer);
        else
            task_yield();
    }
    return 0;
}

static void swap_often(struct test_run *t, struct readers *readers) REQUIRES(may_park);
static void swap_often(struct test_run *t, struct readers *readers)
{
    for (unsigned i = 0; i < SWAPS; i++) {
        bool good = swap_victim(t);

        (void)__atomic_fetch_add(&readers->swaps, 1, __ATOMIC_RELEASE);
        if (!good)
            return;
    }
}

TEST(swap, cell_is_found_throughout_by_who_takes_no_lock)
{
    OWN(task_handle) reader = {0};
    struct readers readers = {0, 0, 0, 0};

    if (hart_count() == 1) {
        test_skip(t, "many harts only");
        return;
    }
    if (!task_spawn(&reader, "reader", read_on, &readers)) {
        CHECK(t, false, "no memory");
        return;
    }
    swap_often(t, &readers);
    __atomic_store_n(&readers.stop, 1, __ATOMIC_RELEASE);
    CHECK(t, task_join(&reader, NULL) == OK, "the reader ended badly");
    CHECK(t, readers.seen > 0, "the reader saw no swap");
    CHECK(t, readers.unfound == 0, "it was in the table and not found %u times (%u looks at swaps)",
          readers.unfound, readers.seen);
    print("# %u of %u swaps were looked at\n", readers.seen, SWAPS);
}
