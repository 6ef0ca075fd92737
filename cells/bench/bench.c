/*
 * The command `bench`: runs the benchmarks that cells contribute (abi/bench.h), some times each,
 * and shows minimum and median beside the goal.
 */
#include "bench.h"
#include "cell.h"
#include "command.h"
#include "console.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "nucleus/why.h"
#include "task.h"
#include "text.h"

struct result {
    uint64_t minimum, median;
};

/** Sorts by insertion: there are at most BENCH_MAX_RUNS. */
static void sort(uint64_t *values, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        uint64_t value = values[i];
        unsigned at = i;

        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

static enum status measure(const struct benchmark *benchmark, struct result *result)
{
    uint64_t samples[BENCH_MAX_RUNS];
    unsigned runs = benchmark->runs < BENCH_MAX_RUNS ? benchmark->runs : BENCH_MAX_RUNS;

    for (unsigned i = 0; i < runs; i++) {
        enum status status = task_cancelled() ? ERR_CANCELLED : benchmark->run(&samples[i]);

        if (status != OK)
            return status;
    }
    if (runs == 0)
        return ERR_INVALID;
    sort(samples, runs);
    *result = (struct result){.minimum = samples[0], .median = samples[runs / 2]};
    return OK;
}

static void show(const struct benchmark *benchmark, const struct result *result) REQUIRES(may_park);
static void show(const struct benchmark *benchmark, const struct result *result)
{
    print("%-16s %10lu %10lu", benchmark->name, result->minimum, result->median);
    if (benchmark->goal)
        print(" %10lu  %s\n", benchmark->goal,
              result->minimum <= benchmark->goal ? "met" : "missed");
    else
        print(" %10s\n", "-");
}

static void show_json(const struct benchmark *benchmark, const struct result *result, bool first)
    REQUIRES(may_park);
static void show_json(const struct benchmark *benchmark, const struct result *result, bool first)
{
    print("%s\n{\"name\": \"%s\", \"unit\": \"instructions\", ", first ? "" : ",", benchmark->name);
    print("\"min\": %lu, \"median\": %lu, \"goal\": ", result->minimum, result->median);
    if (benchmark->goal)
        print("%lu}", benchmark->goal);
    else
        print("null}");
}

/** Runs all benchmarks whose name matches @p pattern. @return the command's status. */
static int run_all(const char *pattern, bool json) REQUIRES(may_park);
static int run_all(const char *pattern, bool json)
{
    struct benchmark benchmark;
    struct cell_info cell;
    struct result result;
    unsigned done = 0;
    int failed = 0;

    for (unsigned i = 0; set_get("bench", i, &benchmark, sizeof benchmark, NULL); i++) {
        enum status status;

        if (!string_matches(benchmark.name, pattern))
            continue;
        if (benchmark.cell && !cell_find(benchmark.cell, &cell)) {
            if (!json)
                print("%-16s not measured: %s is not loaded\n", benchmark.name, benchmark.cell);
            continue;
        }
        status = measure(&benchmark, &result);
        if (status != OK) {
            failed = 1;
            if (!json)
                print("%-16s failed: %s\n", benchmark.name, status_name(status));
        } else if (json) {
            show_json(&benchmark, &result, done == 0);
        } else {
            show(&benchmark, &result);
        }
        done += status == OK;
    }
    if (done == 0 && !failed && !json)
        print("bench: no benchmark is called %s\n", pattern);
    return done == 0 ? 1 : failed;
}

static int bench(int argc, char **argv)
{
    const char *pattern = "*";
    bool json = false;
    int status;

    role_assert_may_park();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (argv[i][0] == '-' || pattern[0] != '*') {
            print("usage: bench [--json] [PATTERN]\n");
            return 2;
        } else {
            pattern = argv[i];
        }
    }
    if (json) {
        print("[");
        status = run_all(pattern, true);
        print("\n]\n");
        return status;
    }
    if (hart_count() > 1)
        print("with %u harts these are rough: figures need --icount and one hart\n", hart_count());
    print("%-16s %10s %10s %10s  (instructions)\n", "what", "minimum", "median", "goal");
    return run_all(pattern, false);
}

COMMAND(bench, .usage = "bench [--json] [PATTERN]",
        .help = "measures what basic operations cost, in instructions\n"
                "Runs all benchmarks, or those whose name matches PATTERN, some times each, and\n"
                "shows minimum, median and goal. Meant for `./mitos bench`, which counts\n"
                "instructions exactly; without --icount the counter is the host's guess.",
        .run = bench);

CELL(.name = "bench", .version = "1.0",
     .summary = "What basic operations cost, in instructions, beside their goals");
