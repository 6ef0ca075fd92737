/*
 * The figures that every release states: boot, switch, spawn, map, load. What is measured never
 * idles: whoever it waits for is ready to run on the same hart.
 */
#include "bench.h"
#include "console.h"
#include "hello.h"
#include "nucleus/cells.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "task.h"
#include "vm.h"

#define YIELDS 64u
#define CALLS 64u

static enum status run_boot(uint64_t *instructions)
{
    *instructions = machine_boot_cost(false);
    return *instructions ? OK : ERR_UNSUPPORTED; /* nothing has prompted yet */
}
BENCH(boot, .help = "from the firmware's hand-over to the first prompt", .goal = 5000000, .runs = 1,
      .run = run_boot);

static enum status run_call(uint64_t *instructions)
{
    uint64_t start = hart_instructions();
    uint64_t sum = 0;

    for (unsigned i = 0; i < CALLS; i++)
        sum = hello_add(sum, i);
    *instructions = (hart_instructions() - start) / CALLS;
    return sum == CALLS * (CALLS - 1) / 2 ? OK : ERR_FAULT;
}
BENCH(call, .help = "call of a function in another cell, with the loop around it", .runs = 15,
      .run = run_call);

static int yield_until(void *argument)
{
    const uint32_t *stop = argument;

    role_assert_may_park();
    while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
        task_yield();
    return 0;
}

static enum status run_yield(uint64_t *instructions)
{
    OWN(task_handle) partner = {0};
    uint32_t stop = 0;
    uint64_t start;

    role_assert_may_park();
    if (!task_spawn(&partner, "yielder", yield_until, &stop))
        return ERR_NOMEM;
    task_yield(); /* it has begun */
    start = hart_instructions();
    for (unsigned i = 0; i < YIELDS; i++)
        task_yield();
    *instructions = (hart_instructions() - start) / (2 * YIELDS);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    return task_join(&partner, NULL);
}
BENCH(yield, .help = "yield to another task", .goal = 150, .runs = 15, .run = run_yield);

static int return_at_once(void *argument)
{
    (void)argument;
    return 0;
}

static enum status run_spawn(uint64_t *instructions)
{
    OWN(task_handle) task = {0};
    uint64_t start = hart_instructions();
    enum status status;

    role_assert_may_park();
    if (!task_spawn(&task, "short", return_at_once, NULL))
        return ERR_NOMEM;
    status = task_join(&task, NULL);
    *instructions = hart_instructions() - start;
    return status;
}
BENCH(spawn, .help = "spawn a task, run it, join it", .goal = 1000, .runs = 51, .run = run_spawn);

/** Maps one page, touches it and unmaps it. */
static enum status map_one(unsigned flags, uint64_t *instructions)
{
    OWN(mapping) page = {0};
    uint64_t start = hart_instructions();

    if (!mapping_map(&page, PAGE_BYTES, flags))
        return ERR_NOMEM;
    *(volatile char *)mapping_address(&page) = 1;
    mapping_drop(&page);
    *instructions = hart_instructions() - start;
    return OK;
}

static enum status run_map(uint64_t *instructions)
{
    return map_one(MAP_WRITE | MAP_ZERO, instructions);
}
BENCH(map, .help = "map 4 KiB of zeroes, touch, unmap", .goal = 1500, .runs = 51, .run = run_map);

static enum status run_map_lazy(uint64_t *instructions)
{
    return map_one(MAP_WRITE | MAP_LAZY, instructions);
}
BENCH(map_lazy, .help = "the same, zeroed by a page fault", .runs = 51, .run = run_map_lazy);

/** Loads and unloads cell @p name, and says what each cost. */
static enum status load_one(const char *name, uint64_t *load, uint64_t *unload) REQUIRES(may_park);
static enum status load_one(const char *name, uint64_t *load, uint64_t *unload)
{
    struct why why = {.text = ""};
    uint64_t start = hart_instructions();
    enum status status = cell_load(name, &why);

    *load = hart_instructions() - start;
    if (status == OK) {
        start = hart_instructions();
        status = cell_unload(name, &why);
        *unload = hart_instructions() - start;
    }
    if (status != OK)
        print("bench: %s: %s\n", name, why.text);
    return status;
}

static enum status run_load_empty(uint64_t *instructions)
{
    uint64_t unload;

    role_assert_may_park();
    return load_one("empty", instructions, &unload);
}
BENCH(load_empty, .help = "load a cell with nothing in it", .goal = 10000, .runs = 15,
      .run = run_load_empty);

static enum status run_unload_empty(uint64_t *instructions)
{
    uint64_t load;

    role_assert_may_park();
    return load_one("empty", &load, instructions);
}
BENCH(unload_empty, .help = "unload it", .runs = 15, .run = run_unload_empty);

static enum status run_load_big(uint64_t *instructions)
{
    uint64_t unload;

    role_assert_may_park();
    return load_one("big", instructions, &unload);
}
BENCH(load_big, .help = "load 64 KiB of text with 4,800 relocations", .goal = 600000, .runs = 5,
      .run = run_load_big);
