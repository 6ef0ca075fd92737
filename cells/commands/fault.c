/* The command fault: does one on purpose, in a place of choice. A new kind or place is a row of its table. */
#include "commands.h"
#include "nucleus/machine.h"

/* Volatile, all: the compiler must not see what they are for. */

static void load_null(void)
{
    struct {
        uint64_t first, second;
    } volatile *volatile pointer = NULL;

    (void)pointer->second;
}

static void load_unmapped(void)
{
    (void)*(volatile uint64_t *)0x123456780;
}

static const uint64_t read_only = 1;

static void store_read_only(void)
{
    *(volatile uint64_t *)(uintptr_t)&read_only = 2;
}

static inline __attribute__((always_inline)) void call_address(uint64_t address)
{
    void (*volatile function)(void) = (void (*)(void))address;

    function();
    function = NULL; /* so that the call above is no jump, and we are in the report */
}

static void jump_wild(void)
{
    call_address(0x123456780);
}

static void jump_to_data(void)
{
    volatile uint32_t ret = 0x00008067;

    call_address((uint64_t)&ret);
}

static __attribute__((noinline)) uint64_t after_call(void)
{
    return (uint64_t)__builtin_return_address(0);
}

/* Cells have no inline assembly. But 16 zero bits are an illegal instruction (RISC-V unprivileged ISA, 1.5), and
 * such are the second half of the `auipc` of a call to so near a function, 6 bytes before where it returns to. */
static void execute_zeroes(void)
{
    uint64_t zeroes = after_call() - 6;

    if (*(const volatile uint16_t *)zeroes == 0)
        call_address(zeroes);
}

static uint64_t recurse(uint64_t depth)
{
    volatile uint64_t words[16];

    words[depth % 16] = depth;
    if (depth == UINT64_MAX)
        return 0;
    return recurse(depth + 1) + words[depth % 16];
}

static void overflow_stack(void)
{
    volatile uint64_t sum = recurse(0);

    (void)sum;
}

/* GCC's -fanalyzer finds it, and is right. */
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wanalyzer-double-free"
#endif
static void free_twice(void)
{
    void *volatile object = heap_alloc_bytes(commands_state()->buffers, 16);

    heap_free(commands_state()->buffers, object);
    heap_free(commands_state()->buffers, object);
}
#pragma GCC diagnostic pop

static void assert_wrongly(void)
{
    volatile bool truth = false;

    ASSERT(truth);
}

static void loop(void)
{
    volatile bool for_ever = true;

    while (for_ever)
        continue;
}

struct fault_kind {
    char name[12];
    void (*act)(void);
};

static const struct fault_kind kinds[] = {
    {"null", load_null},        {"load", load_unmapped},
    {"store", store_read_only}, {"jump", jump_wild},
    {"nx", jump_to_data},       {"illegal", execute_zeroes},
    {"stack", overflow_stack},  {"software", free_twice},
    {"assert", assert_wrongly}, {"loop", loop},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct fault_kind *kind_called(const char *name)
{
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

static int refuse_kind(const char *name) REQUIRES(may_park);
static int refuse_kind(const char *name)
{
    print("fault: there is no kind %s, only", name);
    for (unsigned i = 0; i < KINDS; i++)
        print(" %s", kinds[i].name);
    print("\n");
    return 2;
}

/* A place in a cell is the business of the cell inject, which nobody needs before. */
static int plant(int argc, char **argv) REQUIRES(may_park);
static int plant(int argc, char **argv)
{
    struct why why = {.text = "inject has no command plant"};
    struct command command;

    if (!command_find("plant", &command, NULL) &&
        (cell_load("inject", &why) != OK || !command_find("plant", &command, NULL))) {
        print("fault: %s\n", why.text);
        return 1;
    }
    return command.run(argc, argv);
}

static int run_fault(int argc, char **argv)
{
    const struct fault_kind *kind;

    role_assert_may_park();
    if (!words_fit(argc, argv, 2, 3))
        return usage_error("fault");
    if (argc == 2 && strcmp(argv[1], "off") == 0)
        return plant(argc, argv);
    kind = kind_called(argv[1]);
    if (!kind)
        return refuse_kind(argv[1]);
    if (argc == 3 && strcmp(argv[2], "self") != 0)
        return plant(argc, argv);
    kind->act();
    print("fault: %s did no fault\n", argv[1]);
    return 1;
}

COMMAND(fault, .run = run_fault, .usage = "fault KIND [PLACE] | fault off",
        .help = "Does a fault on purpose, to see what comes of it.\n"
                "\n"
                "KIND is one of\n"
                "  null      loads through a NULL pointer\n"
                "  load      loads from an address that is never mapped\n"
                "  store     stores to read-only data\n"
                "  jump      calls an address where nothing is\n"
                "  nx        calls data on the stack\n"
                "  illegal   executes what is no instruction\n"
                "  stack     calls itself until the stack is full\n"
                "  software  frees an object twice: a fault that the heap finds\n"
                "  assert    a wrong assertion\n"
                "  loop      never ends and calls nothing: for `kill`\n"
                "PLACE is where: self (the default), the command's own task; or CELL:FUNCTION,\n"
                "or CELL:FUNCTION+OFFSET, an instruction of a loaded cell: whoever executes it\n"
                "next faults there, once (null, load, store and illegal only), as in\n"
                "`fault null sched_rr:sched_pick`. `fault off` takes back what nobody came to.\n"
                "The status is 126 after the fault. faults shows what was found out about it.");
