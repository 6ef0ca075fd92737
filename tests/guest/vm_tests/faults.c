/* What must fault, from every hart, with a correct report: stores to text and read-only data, jumps
 * into memory that is not text, stack overflow, NULL, memory that is not there. */
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/heap.h"
#include "nucleus/memory_map.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "nucleus/why.h"
#include "probe.h"
#include "vm.h"

#define RET 0x8082u /* c.ret: what a jump would execute, if it could */

struct vm_tests_state {
    struct kind *objects;
    uint32_t code[2];
};

CELL_STATE(struct vm_tests_state);

static const uint64_t own_rodata[2] = {1, 2};

static void expect_access_fault(struct test_run *t, const char *what, const char *cause,
                                const struct probe *like, uint64_t address) REQUIRES(may_park);
static void expect_access_fault(struct test_run *t, const char *what, const char *cause,
                                const struct probe *like, uint64_t address)
{
    char report[80];

    format(report, sizeof report, "fault: %s at 0x%lx", cause, address);
    expect_fault(t, &(struct probe){.what = what,
                                    .act = like->act,
                                    .address = address,
                                    .report = report,
                                    .place = like->place});
}

/* A store to readable memory that must not change. */
static void expect_store_fault(struct test_run *t, const char *what, uint64_t address)
    REQUIRES(may_park);
static void expect_store_fault(struct test_run *t, const char *what, uint64_t address)
{
    static const struct probe store = {.act = act_store, .place = "(vm_tests:act_store+"};
    uint8_t before = *(const volatile uint8_t *)address;

    expect_access_fault(t, what, "store page fault", &store, address);
    CHECK(t, *(const volatile uint8_t *)address == before, "%s: memory has changed", what);
}

static void expect_load_fault(struct test_run *t, const char *what, uint64_t address)
    REQUIRES(may_park);
static void expect_load_fault(struct test_run *t, const char *what, uint64_t address)
{
    static const struct probe load = {.act = act_load, .place = "(vm_tests:act_load+"};

    expect_access_fault(t, what, "load page fault", &load, address);
}

static void expect_call_fault(struct test_run *t, const char *what, uint64_t address)
    REQUIRES(may_park);
static void expect_call_fault(struct test_run *t, const char *what, uint64_t address)
{
    struct probe call = {.act = act_call};
    char place[60];

    format(place, sizeof place, "pc 0x%lx (0x%lx, no function)", address, address);
    call.place = place;
    expect_access_fault(t, what, "instruction page fault", &call, address);
}

TEST(vm, store_to_own_text_faults)
{
    struct cell_info own;

    if (CHECK(t, cell_find("vm_tests", &own), "no cell of that name"))
        expect_store_fault(t, "own text", own.text);
}

TEST(vm, store_to_own_rodata_faults)
{
    expect_store_fault(t, "own read-only data", (uint64_t)own_rodata);
}

TEST(vm, store_to_any_cell_faults)
{
    struct cell_info cell;
    char what[64];

    for (unsigned i = 0; cell_get(i, &cell); i++) {
        format(what, sizeof what, "text of %s", cell.name);
        if (cell.text_bytes)
            expect_store_fault(t, what, cell.text + cell.text_bytes / 2);
        if (!cell.rodata_bytes)
            continue;
        format(what, sizeof what, "read-only data of %s", cell.name);
        expect_store_fault(t, what, cell.rodata + cell.rodata_bytes - 1);
    }
}

TEST(vm, store_to_nucleus_text_faults)
{
    struct symbol_info symbol;

    if (CHECK(t, symbol_find("task_park", &symbol), "the nucleus must have it"))
        expect_store_fault(t, "text of the nucleus", symbol.address);
}

TEST(vm, store_to_nucleus_rodata_faults)
{
    expect_store_fault(t, "read-only data of the nucleus", (uint64_t)nucleus_export(0)->name);
}

TEST(vm, store_to_stub_faults)
{
    expect_store_fault(t, "stub", (uint64_t)act_store);
}

TEST(vm, jump_into_state_faults)
{
    state.code[0] = RET;
    expect_call_fault(t, "state", (uint64_t)state.code);
}

TEST(vm, jump_into_rodata_faults)
{
    expect_call_fault(t, "read-only data", (uint64_t)own_rodata);
}

TEST(vm, jump_into_heap_faults)
{
    uint32_t *code = heap_alloc(state.objects);

    if (!CHECK(t, code, "no memory"))
        return;
    *code = RET;
    expect_call_fault(t, "heap", (uint64_t)code);
    heap_free(state.objects, code);
}

TEST(vm, jump_into_stack_faults)
{
    volatile uint32_t code[2] = {RET, RET};

    expect_call_fault(t, "stack", (uint64_t)code);
}

TEST(vm, jump_into_mapping_faults)
{
    OWN(mapping) eager = {0};
    OWN(mapping) lazy = {0};

    if (!mapping_map(&eager, PAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        return;
    }
    *(volatile uint32_t *)mapping_address(&eager) = RET;
    expect_call_fault(t, "mapping", (uint64_t)mapping_address(&eager));
    if (mapping_map(&lazy, PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        expect_call_fault(t, "lazy mapping", (uint64_t)mapping_address(&lazy));
        mapping_drop(&lazy);
    }
    mapping_drop(&eager);
}

/* Volatile tells the compiler nothing, so that no call is folded away. */
static __attribute__((noinline)) uint64_t dig(volatile uint64_t depth)
{
    volatile uint64_t room[32];

    room[depth % 32] = depth;
    if (depth == UINT64_MAX)
        return 0;
    return dig(depth + 1) + room[0];
}

static void act_dig(uint64_t address)
{
    (void)dig(address);
}

TEST(vm, stack_overflow_faults)
{
    expect_fault(t, &(struct probe){.what = "stack overflow",
                                    .act = act_dig,
                                    .report = ": stack overflow",
                                    .place = "(vm_tests:dig"});
}

TEST(vm, null_pointer_faults)
{
    static const struct probe load = {.act = act_load, .place = "(vm_tests:act_load+"};
    static const struct probe store = {.act = act_store, .place = "(vm_tests:act_store+"};
    static const struct probe call = {.act = act_call, .place = "pc 0x0 (0x0, no function)"};

    expect_access_fault(t, "NULL load", "load page fault", &load, 0);
    expect_access_fault(t, "NULL store", "store page fault", &store, 16);
    expect_access_fault(t, "NULL call", "instruction page fault", &call, 0);
}

TEST(vm, lower_half_faults)
{
    expect_load_fault(t, "lower half", 0x3f00000000);
    expect_load_fault(t, "physical address of RAM", pointer_to_physical(&state).value);
}

TEST(vm, firmware_faults)
{
    struct memory_image image = memory_image();
    uint64_t base, bytes;

    for (unsigned i = 0; dt_memory(i, &base, &bytes); i++) {
        base += DIRECT_MAP_BASE;
        if (image.text > base && image.text - base < bytes) {
            expect_load_fault(t, "firmware", base);
            return;
        }
    }
    CHECK(t, false, "no RAM below the nucleus, where the firmware is");
}

TEST(vm, dropped_mapping_faults)
{
    OWN(mapping) m = {0};
    uint64_t address;

    if (!mapping_map(&m, 3 * PAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        return;
    }
    address = (uint64_t)mapping_address(&m);
    memset(mapping_address(&m), 1, mapping_bytes(&m));
    mapping_drop(&m);
    /* The log's mapping (probe.c) has more pages, so it takes no slot of the same size. */
    expect_load_fault(t, "dropped mapping", address);
    expect_load_fault(t, "dropped mapping, last page", address + 2 * PAGE_BYTES);
}

TEST(vm, guard_pages_fault)
{
    OWN(mapping) m = {0};
    uint64_t address;

    if (!mapping_map(&m, 7 * PAGE_BYTES, MAP_WRITE)) { /* fills its slot */
        CHECK(t, false, "no memory");
        return;
    }
    address = (uint64_t)mapping_address(&m);
    expect_load_fault(t, "page below a mapping", address - 8);
    expect_load_fault(t, "page above a mapping", address + mapping_bytes(&m));
    mapping_drop(&m);
}

TEST(vm, store_to_read_only_mapping_faults)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, PAGE_BYTES, MAP_READ | MAP_ZERO)) {
        CHECK(t, false, "no memory");
        return;
    }
    expect_store_fault(t, "read-only mapping", (uint64_t)mapping_address(&m));
    mapping_drop(&m);
}

struct object {
    uint64_t words[8];
};
KIND(object, "vm_tests", struct object);

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    return kind_create(&state.objects, &kind_object);
}

CELL(.name = "vm_tests", .version = "1.0", .summary = "Tests of memory protection and mappings.",
     .init = init);
