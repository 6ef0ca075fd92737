/* Tasks fault, on all harts, while one loads, unloads and replaces cells: some that they are in at that moment, and
 * what reports, cleans up and schedules them. */
#include "clock.h"
#include "faults.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "nucleus/why.h"
#include "vm.h"

#define MS 1000000ul
#define LIMIT_NS (60000 * MS) /* for what must happen: a backstop */
#define FRAMES 7u
#define ROUNDS 20u
#define FAULTERS_MOST 9u
#define KINDS_MOST 64u

/* --- what there is, by kind --- */

struct inventory {
    uint64_t live[KINDS_MOST], mapped_pages, mappings;
    unsigned kinds;
};

static bool has_zombie(void)
{
    struct zombie_info zombie;

    return zombie_get(0, &zombie);
}

/* When cells that were replaced are gone, which takes as long as some word looks like an address in them. */
static void inventory_take(struct inventory *inventory) REQUIRES(may_park);
static void inventory_take(struct inventory *inventory)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;
    struct kind_info kind;
    struct vm_stats vm;

    memset(inventory, 0, sizeof *inventory);
    while ((cells_drain() != OK || has_zombie()) && clock_now_ns() < limit)
        clock_sleep(MS);
    task_drain();
    vm_drain();
    vm_stats(&vm);
    inventory->mapped_pages = vm.mapped_pages;
    inventory->mappings = vm.mappings;
    while (inventory->kinds < KINDS_MOST && kind_get(inventory->kinds, &kind))
        inventory->live[inventory->kinds++] = kind.live;
}

static void inventory_check(struct test_run *t, const struct inventory *before) REQUIRES(may_park);
static void inventory_check(struct test_run *t, const struct inventory *before)
{
    struct inventory now;
    struct kind_info kind;

    inventory_take(&now);
    CHECK(t, !has_zombie(), "a cell that was replaced does not go");
    CHECK(t, now.kinds == before->kinds && now.kinds < KINDS_MOST, "%u kinds, were %u", now.kinds, before->kinds);
    CHECK(t, now.mapped_pages == before->mapped_pages && now.mappings == before->mappings,
          "%lu mappings of %lu pages, were %lu of %lu", now.mappings, now.mapped_pages, before->mappings,
          before->mapped_pages);
    for (unsigned i = 0; i < now.kinds; i++) {
        if (now.live[i] != before->live[i] && kind_get(i, &kind))
            CHECK(t, false, "%lu objects %s of %s, were %lu", now.live[i], kind.name, kind.owner, before->live[i]);
    }
}

/* --- those that fault --- */

struct HOLDS faulter {
    struct traffic *traffic;
    uint64_t faults, wrong;
    task_handle task; /* traffic_end() joins it */
};

struct traffic {
    uint32_t stop; /* atomic */
    struct faulter faulters[FAULTERS_MOST];
    unsigned count;
    uint32_t changes; /* loads, unloads and swaps that began; atomic */
};

static uint64_t bad_end(void *argument)
{
    return *(uint64_t *)argument;
}

static enum status fault_in_chain(void *argument)
{
    struct passage passage = {.left = FRAMES - 1, .enter = chain_a, .end = bad_end, .argument = argument};

    return chain_a(&passage) ? OK : ERR_NOMEM;
}

static int fault_to_the_end(void *argument)
{
    return (int)fault_in_chain(argument);
}

/* The end of the chain that ends: a guarded call in the innermost frame, of another chain, fails alone. */
static uint64_t guarded_end(void *argument)
{
    return guarded_call(fault_in_chain, argument) == ERR_FAULT;
}

/* Once at the bottom of the stack, once within FRAMES frames, which then return. @return how often the guarded call did
 * not come back with the error. */
static int fault_guarded(void *argument)
{
    struct passage passage = {.left = FRAMES - 1, .enter = chain_a, .end = guarded_end, .argument = argument};

    return (guarded_call(fault_in_chain, argument) != ERR_FAULT) + (chain_a(&passage) != FRAMES);
}

/* One task that faults, and one whose guarded calls do. @return how much went wrong. */
static unsigned fault_twice(void) REQUIRES(may_park);
static unsigned fault_twice(void)
{
    unsigned wrong = run_alone(fault_to_the_end, BAD) != ERR_FAULT;
    int guarded = 1;

    wrong += run_for(fault_guarded, BAD, &guarded) != OK;
    return wrong + (unsigned)guarded;
}

/* With each change of cells, and a bit later or earlier than the others: a report is long, and the console slow. */
static int fault_often(void *argument)
{
    struct faulter *faulter = argument;
    struct traffic *traffic = faulter->traffic;
    uint32_t seen = 0;

    role_assert_may_park();
    while (!__atomic_load_n(&traffic->stop, __ATOMIC_ACQUIRE)) {
        uint32_t changes = __atomic_load_n(&traffic->changes, __ATOMIC_ACQUIRE);

        if (changes != seen) {
            faulter->wrong += fault_twice();
            __atomic_store_n(&faulter->faults, faulter->faults + 1, __ATOMIC_RELAXED);
        }
        seen = changes;
        clock_sleep((uint64_t)(faulter - traffic->faulters + 1) * MS / 20);
    }
    return 0;
}

/* Unchecked, both: clang cannot follow handles in an array. */
static void traffic_begin(struct test_run *t, struct traffic *traffic) UNCHECKED
{
    memset(traffic, 0, sizeof *traffic);
    traffic->count = hart_count() + 1;
    for (unsigned i = 0; i < traffic->count; i++) {
        struct faulter *faulter = &traffic->faulters[i];

        faulter->traffic = traffic;
        CHECK(t, task_spawn(&faulter->task, "faulter", fault_often, faulter), "no memory");
    }
}

static void traffic_end(struct test_run *t, struct traffic *traffic) REQUIRES(may_park);
static void traffic_end(struct test_run *t, struct traffic *traffic) UNCHECKED
{
    __atomic_store_n(&traffic->stop, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < traffic->count; i++) {
        const struct faulter *faulter = &traffic->faulters[i];

        if (!faulter->task.task)
            continue;
        CHECK(t, task_join(&traffic->faulters[i].task, NULL) == OK, "task %u ended badly", i);
        CHECK(t, faulter->wrong == 0, "task %u: %lu of %lu faults went wrong", i, faulter->wrong, faulter->faults);
    }
}

static uint64_t fewest_faults(const struct traffic *traffic)
{
    uint64_t fewest = UINT64_MAX;

    for (unsigned i = 0; i < traffic->count; i++) {
        uint64_t faults = __atomic_load_n(&traffic->faulters[i].faults, __ATOMIC_RELAXED);

        if (faults < fewest)
            fewest = faults;
    }
    return fewest;
}

/* --- the one that changes cells --- */

static bool change(struct traffic *traffic)
{
    __atomic_fetch_add(&traffic->changes, 1, __ATOMIC_RELEASE);
    return true;
}

static bool change_cells(struct test_run *t, struct traffic *traffic, unsigned round) REQUIRES(may_park);
static bool change_cells(struct test_run *t, struct traffic *traffic, unsigned round)
{
    /* Under the faults: three links of the chain, what they hold; and what looks at them: reports, the clock. Beside
     * them: the last ones. */
    static const char *const swapped[] = {"chain_b", "tokens", "inspect", "chain_e", "clock",
                                          "chain_a", "task",   "plic",    "cut"};
    const char *name = swapped[round % (sizeof swapped / sizeof swapped[0])];
    struct swap_report report;
    struct why why = {.text = ""};

    return CHECK(t, change(traffic) && cell_load("cut", &why) == OK, "round %u: load: %s", round, why.text) &&
           CHECK(t, change(traffic) && swap_itself(&report, name) == OK, "round %u: swap of %s: %s: %s", round,
                 name, status_name(report.status), report.why.text) &&
           CHECK(t, change(traffic) && cell_unload("cut", &why) == OK, "round %u: unload: %s", round, why.text);
}

TEST(unwind, faults_while_a_hart_loads_and_swaps_cells)
{
    unsigned rounds = fault_rounds(ROUNDS);
    struct inventory before;
    struct traffic traffic;

    if (hart_count() == 1) {
        test_skip(t, "many harts only");
        return;
    }
    tokens_start("");
    inventory_take(&before);
    traffic_begin(t, &traffic);
    for (unsigned i = 0; i < rounds; i++) {
        uint64_t faults = fewest_faults(&traffic), limit = clock_now_ns() + LIMIT_NS;

        if (!change_cells(t, &traffic, i))
            break;
        while (fewest_faults(&traffic) == faults && clock_now_ns() < limit)
            clock_sleep(MS / 10);
        if (!CHECK(t, fewest_faults(&traffic) > faults, "round %u: a task does not go on", i))
            break;
    }
    traffic_end(t, &traffic);
    check_tokens(t, "beside swaps", NULL);
    (void)change_cells(t, &traffic, 0); /* once more, with nobody else: no lock is held */
    inventory_check(t, &before);
}

/* As the shell does: one task, and a guarded call for each command. */
static int fault_200_times(void *argument)
{
    int wrong = 0;

    for (unsigned i = 0; i < 200; i++)
        wrong += guarded_call(fault_in_chain, argument) != ERR_FAULT;
    return wrong;
}

TEST(unwind, guarded_calls_clean_up_however_often_they_fail)
{
    int wrong = 1;

    tokens_start("");
    CHECK(t, run_for(fault_200_times, BAD, &wrong) == OK && wrong == 0, "%d calls went wrong", wrong);
    check_tokens(t, "200 faults", NULL);
}
