/* Commands for tests at the shell: they wait, for what was done about a fault, or for time to pass. */
#include "clock.h"
#include "command.h"
#include "console.h"
#include "faults.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "text.h"

#define MS 1000000u
#define LIMIT_MS 20000u

/* Faults are looked at from number @p after on. @return the number of the last one of @p cell; 0: none. */
static uint64_t last_fault_of(const char *cell, uint64_t after, struct fault *fault)
{
    for (uint64_t number = fault_count(); number > after; number--)
        if (fault_get(number, fault) && strcmp(fault->cell, cell) == 0)
            return number;
    return 0;
}

static int run_recovered(int argc, char **argv)
{
    struct fault fault;
    uint64_t after = 0;

    role_assert_may_park();
    if (argc < 2 || argc > 3 || (argc == 3 && !string_to_u64(argv[2], &after))) {
        print("usage: recovered CELL [AFTER]\n");
        return 2;
    }
    for (unsigned ms = 0; ms < LIMIT_MS; ms++) {
        if (last_fault_of(argv[1], after, &fault) && fault.action[0]) {
            print("%s: %s%s%s\n", fault.cell, fault.hook, fault.hook[0] ? ": " : "", fault.action);
            return 0;
        }
        clock_sleep(MS);
    }
    print("recovered: nothing was done within %u ms\n", LIMIT_MS);
    return 1;
}

COMMAND(recovered, .run = run_recovered, .usage = "recovered CELL [AFTER]",
        .help = "Waits until something was done about the last fault of a cell, and says it.\n"
                "\n"
                "Only faults whose number is above AFTER count. Status: 0; 1 nothing was done.");

static int run_rest(int argc, char **argv)
{
    uint64_t seconds;

    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &seconds)) {
        print("usage: rest SECONDS\n");
        return 2;
    }
    clock_sleep(seconds * 1000 * MS);
    return 0;
}

COMMAND(rest, .run = run_rest, .usage = "rest SECONDS", .help = "Waits until so much time has passed.");
