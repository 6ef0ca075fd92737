/* What mappings do, seen from one task. */
#include "devicetree.h"
#include "inspect.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "probe.h"
#include "vm.h"

#define PAGES 16u

/* All that mappings take, with nothing in caches. */
struct figures {
    uint64_t free_frames, page_tables, mappings, pages;
};

static struct figures figures_now(void)
{
    struct frame_stats frames;
    struct vm_stats vm;

    task_drain();
    vm_drain();
    heap_drain();
    frame_drain();
    frame_stats(&frames);
    vm_stats(&vm);
    return (struct figures){frames.free, vm.page_tables, vm.mappings, vm.mapped_pages};
}

static void check_same(struct test_run *t, struct figures before)
{
    struct figures now = figures_now();

    CHECK(t, now.mappings == before.mappings, "%lu, were %lu", now.mappings, before.mappings);
    CHECK(t, now.pages == before.pages, "%lu, were %lu", now.pages, before.pages);
    CHECK(t, now.page_tables == before.page_tables, "%lu, were %lu", now.page_tables,
          before.page_tables);
    CHECK(t, now.free_frames == before.free_frames, "%lu, were %lu", now.free_frames,
          before.free_frames);
}

static bool is_zero(const volatile uint64_t *words, size_t bytes)
{
    for (size_t i = 0; i < bytes / 8; i++) {
        if (words[i])
            return false;
    }
    return true;
}

/* Leaves frames that are full of ones where the next mapping will find them. */
static void soil_frames(void)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, PAGES * PAGE_BYTES, MAP_WRITE))
        return;
    memset(mapping_address(&m), 0xff, mapping_bytes(&m));
    mapping_drop(&m);
}

TEST(vm, lazy_memory_comes_zeroed_at_first_touch)
{
    OWN(mapping) m = {0};
    struct vm_stats before, after;
    volatile uint8_t *bytes;

    soil_frames();
    vm_stats(&before);
    if (!mapping_map(&m, PAGES * PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    bytes = mapping_address(&m);
    vm_stats(&after);
    CHECK(t, after.mapped_pages == before.mapped_pages, "frames came before the touch");
    CHECK(t, bytes[5] == 0, "by a load");
    bytes[3 * PAGE_BYTES] = 1;
    bytes[PAGES * PAGE_BYTES - 1] = 2;
    vm_stats(&after);
    CHECK(t, after.mapped_pages == before.mapped_pages + 3, "%lu frames for 3 touched pages",
          after.mapped_pages - before.mapped_pages);
    CHECK(t, after.faults_served == before.faults_served + 3, "%lu faults for 3 touched pages",
          after.faults_served - before.faults_served);
    CHECK(t, bytes[3 * PAGE_BYTES] == 1 && bytes[PAGES * PAGE_BYTES - 1] == 2, "stores are lost");
    bytes[3 * PAGE_BYTES] = bytes[PAGES * PAGE_BYTES - 1] = 0;
    CHECK(t, is_zero(mapping_address(&m), mapping_bytes(&m)), "lazy memory is not zero");
    mapping_drop(&m);
    vm_stats(&after);
    CHECK(t, after.mapped_pages == before.mapped_pages, "the drop keeps frames");
}

TEST(vm, zeroed_memory_is_zero)
{
    OWN(mapping) m = {0};

    soil_frames();
    if (!mapping_map(&m, PAGES * PAGE_BYTES, MAP_WRITE | MAP_ZERO)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, is_zero(mapping_address(&m), mapping_bytes(&m)), "MAP_ZERO memory is not zero");
    mapping_drop(&m);
}

TEST(vm, size_is_rounded_up_and_limited)
{
    OWN(mapping) m = {0};
    struct figures before = figures_now();

    if (mapping_map(&m, 1, MAP_WRITE)) {
        CHECK(t, mapping_bytes(&m) == PAGE_BYTES, "%lu", mapping_bytes(&m));
        mapping_drop(&m);
    }
    if (mapping_map(&m, 0, MAP_WRITE)) {
        CHECK(t, false, "mapped 0 bytes");
        mapping_drop(&m);
    }
    if (mapping_map(&m, GIGAPAGE_BYTES + 1, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "mapped more than 1 GiB");
        mapping_drop(&m);
    }
    if (mapping_map(&m, PAGE_BYTES, 1u << 7)) {
        CHECK(t, false, "took an unknown flag");
        mapping_drop(&m);
    }
    check_same(t, before);
}

/* A gigabyte lies over more than one table of level 1 wherever it starts. */
TEST(vm, gigabyte_lazily)
{
    OWN(mapping) m = {0};
    struct figures before;
    volatile uint8_t *bytes;

    if (mapping_map(&m, GIGAPAGE_BYTES, MAP_WRITE | MAP_LAZY)) /* tables of level 1 stay */
        mapping_drop(&m);
    before = figures_now();
    if (!mapping_map(&m, GIGAPAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    bytes = mapping_address(&m);
    for (uint64_t at = 0; at < GIGAPAGE_BYTES; at += GIGAPAGE_BYTES / 16)
        bytes[at] = (uint8_t)(at / (GIGAPAGE_BYTES / 16));
    bytes[GIGAPAGE_BYTES - 1] = 99;
    for (uint64_t at = 0; at < GIGAPAGE_BYTES; at += GIGAPAGE_BYTES / 16)
        CHECK(t, bytes[at] == at / (GIGAPAGE_BYTES / 16), "byte 0x%lx is %u", at, bytes[at]);
    CHECK(t, bytes[GIGAPAGE_BYTES - 1] == 99, "last byte");
    mapping_drop(&m);
    check_same(t, before);
}

TEST(vm, memory_that_is_not_there_is_refused_and_costs_nothing)
{
    OWN(mapping) m = {0};
    struct figures before;
    struct frame_stats frames;

    frame_stats(&frames);
    if (frames.total >= GIGAPAGE_BYTES / PAGE_BYTES) {
        test_skip(t, "needs less than 1 GiB of RAM");
        return;
    }
    if (mapping_map(&m, GIGAPAGE_BYTES, MAP_WRITE | MAP_LAZY)) /* tables of level 1 stay */
        mapping_drop(&m);
    before = figures_now();
    if (mapping_map(&m, GIGAPAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "more memory than there is");
        mapping_drop(&m);
    }
    check_same(t, before);
}

TEST(vm, protect_takes_and_gives_the_right_to_store)
{
    OWN(mapping) m = {0};
    volatile uint8_t *bytes;

    if (!mapping_map(&m, PAGES * PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    bytes = mapping_address(&m);
    bytes[0] = 7;
    mapping_protect(&m, MAP_READ);
    expect_fault(t, &(struct probe){.what = "store to a page made read-only",
                                    .act = act_store,
                                    .address = (uint64_t)bytes,
                                    .report = "fault: store page fault",
                                    .place = "(vm_tests:act_store+"});
    expect_fault(t, &(struct probe){.what = "store to a lazy page made read-only",
                                    .act = act_store,
                                    .address = (uint64_t)bytes + PAGE_BYTES,
                                    .report = "fault: store page fault",
                                    .place = "(vm_tests:act_store+"});
    CHECK(t, bytes[0] == 7 && bytes[PAGE_BYTES] == 0, "loads go on");
    mapping_protect(&m, MAP_WRITE);
    bytes[0] = 8;
    bytes[PAGE_BYTES] = 9;
    bytes[2 * PAGE_BYTES] = 10;
    CHECK(t, bytes[0] == 8 && bytes[PAGE_BYTES] == 9 && bytes[2 * PAGE_BYTES] == 10,
          "stores are lost");
    mapping_drop(&m);
}

TEST(vm, shared_frames_show_the_same_and_go_with_the_last)
{
    OWN(mapping) a = {0};
    OWN(mapping) b = {0};
    OWN(mapping) c = {0};
    struct figures before = figures_now();
    volatile uint32_t *first, *second;

    if (!mapping_map(&a, PAGES * PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    first = mapping_address(&a);
    first[0] = 11;
    if (!mapping_share(&b, &a, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        mapping_drop(&a);
        return;
    }
    second = mapping_address(&b);
    CHECK(t, first != second && second[0] == 11, "%u", second[0]);
    second[1] = 12;
    second[PAGES * PAGE_BYTES / 4 - 1] = 13; /* a page that was lazy when it was shared */
    CHECK(t, first[1] == 12 && first[PAGES * PAGE_BYTES / 4 - 1] == 13, "%u %u", first[1],
          first[PAGES * PAGE_BYTES / 4 - 1]);
    mapping_drop(&a);
    soil_frames();
    CHECK(t, second[0] == 11 && second[1] == 12, "the frames went with the first of two");
    if (mapping_share(&c, &b, MAP_READ)) {
        CHECK(t, ((volatile uint32_t *)mapping_address(&c))[1] == 12, "third mapping");
        mapping_drop(&b);
        CHECK(t, ((volatile uint32_t *)mapping_address(&c))[1] == 12, "third mapping, alone");
        mapping_drop(&c);
    } else {
        CHECK(t, false, "no memory");
        mapping_drop(&b);
    }
    check_same(t, before);
}

/* The object of a dropped mapping serves again: what it was must not cling to it. */
static void map_ordinary_page(struct test_run *t)
{
    OWN(mapping) m = {0};

    if (!mapping_map(&m, PAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        return;
    }
    *(volatile uint8_t *)mapping_address(&m) = 1;
    mapping_drop(&m);
}

TEST(vm, read_only_share_faults_on_store)
{
    OWN(mapping) a = {0};
    OWN(mapping) b = {0};
    struct figures before = figures_now();

    if (!mapping_map(&a, PAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        return;
    }
    if (mapping_share(&b, &a, MAP_READ)) {
        expect_fault(t, &(struct probe){.what = "store to a read-only share",
                                        .act = act_store,
                                        .address = (uint64_t)mapping_address(&b),
                                        .report = "fault: store page fault",
                                        .place = "(vm_tests:act_store+"});
        mapping_drop(&b);
    }
    *(volatile uint8_t *)mapping_address(&a) = 1;
    mapping_drop(&a);
    map_ordinary_page(t);
    check_same(t, before);
}

TEST(vm, describe_knows_mappings_and_guard_pages)
{
    OWN(mapping) m = {0};
    uint8_t *address;
    void *start;
    size_t bytes;

    if (!mapping_map(&m, 5 * PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    address = mapping_address(&m);
    CHECK(t,
          vm_describe(address + 5 * PAGE_BYTES - 1, &start, &bytes) == OK && start == address &&
              bytes == 5 * PAGE_BYTES,
          "last byte");
    CHECK(t, vm_describe(address - 1, &start, &bytes) == ERR_NOT_FOUND, "guard below");
    CHECK(t, vm_describe(address + 5 * PAGE_BYTES, &start, &bytes) == ERR_NOT_FOUND, "guard above");
    CHECK(t, vm_describe(t, &start, &bytes) != OK || (uint8_t *)start <= (uint8_t *)t,
          "a start behind the address");
    mapping_drop(&m);
    CHECK(t, vm_describe(address, &start, &bytes) == ERR_NOT_FOUND, "dropped");
    CHECK(t, vm_describe(&address, &start, &bytes) == OK && bytes == PAGE_BYTES + TASK_STACK_BYTES, "own stack");
    CHECK(t, vm_describe(NULL, &start, &bytes) == ERR_NOT_FOUND, "NULL");
    CHECK(t, vm_describe(vm_describe, &start, &bytes) == ERR_NOT_FOUND, "text");
}

#define MANY 300u

struct HOLDS many {
    mapping mappings[MANY]; /* many_drop() gives them up */
    unsigned made;
};

static size_t many_bytes(unsigned i)
{
    return (i * 7 % 40 + (i % 50 ? 1 : 701)) * PAGE_BYTES;
}

/* Unchecked, both: clang cannot follow handles in an array. */
static void many_map(struct many *many) UNCHECKED
{
    while (many->made < MANY &&
           mapping_map(&many->mappings[many->made], many_bytes(many->made), MAP_WRITE | MAP_LAZY))
        many->made++;
}

static void many_drop(struct many *many, unsigned step) UNCHECKED
{
    for (unsigned i = 0; i < step; i++) {
        for (unsigned j = i; j < many->made; j += step)
            mapping_drop(&many->mappings[j]);
    }
    many->made = 0;
}

static uint32_t *edge(const struct many *many, unsigned i, bool last) UNCHECKED
{
    uint8_t *start = mapping_address(&many->mappings[i]);

    return (uint32_t *)(last ? start + mapping_bytes(&many->mappings[i]) - 4 : start);
}

TEST(vm, many_mappings_do_not_overlap_and_leave_nothing)
{
    OWN(mapping) room = {0};
    struct figures before;
    struct many *many;

    if (!mapping_map(&room, sizeof *many, MAP_WRITE | MAP_ZERO)) {
        CHECK(t, false, "no memory");
        return;
    }
    many = mapping_address(&room);
    before = figures_now();
    for (unsigned step = 1; step <= 7; step += 3) {
        many_map(many);
        CHECK(t, many->made == MANY, "%u of %u mapped", many->made, MANY);
        for (unsigned i = 0; i < many->made; i++) {
            *edge(many, i, false) = i;
            *edge(many, i, true) = i;
        }
        for (unsigned i = 0; i < many->made; i++)
            CHECK(t, *edge(many, i, false) == i && *edge(many, i, true) == i, "mapping %u", i);
        many_drop(many, step);
        check_same(t, before);
    }
    mapping_drop(&room);
}

TEST(vm, device_registers_are_mapped)
{
    OWN(mapping) m = {0};
    struct figures before = figures_now();
    dt_node uart;
    paddr base;
    uint64_t bytes;

    if (!CHECK(t, dt_find_compatible("ns16550a", NULL, &uart) && dt_reg(uart, 0, &base, &bytes),
               "the machine's 16550 was not found"))
        return;
    if (!mapping_map_device(&m, base, bytes)) {
        CHECK(t, false, "no memory");
        return;
    }
    CHECK(t, ((volatile uint8_t *)mapping_address(&m))[5] & 0x60, "line status, transmitter");
    mapping_drop(&m);
    if (mapping_map_device(&m, (paddr){base.value + 1}, bytes)) {
        CHECK(t, false, "a base inside of a page");
        mapping_drop(&m);
    }
    map_ordinary_page(t);
    check_same(t, before);
}
