/* What the loader makes of calls, addresses of functions, state and read-only data, seen in live memory. */
#include "hello.h"
#include "image.h"
#include "nucleus/frame.h"
#include "nucleus/machine.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"

/* Types of relocation (RISC-V ELF psABI 1.0, chapter 8). */
#define R_RISCV_CALL 18u
#define R_RISCV_CALL_PLT 19u

/* Three functions with one call each that is no jump, of this cell, of another and of the nucleus. */
static __attribute__((noinline)) uint64_t local_add(uint64_t a, uint64_t b)
{
    return a + b;
}

static __attribute__((noinline)) uint64_t call_local(uint64_t a, uint64_t b)
{
    return local_add(a, b) + 1;
}

static __attribute__((noinline)) uint64_t call_other(uint64_t a, uint64_t b)
{
    return hello_add(a, b) + 1;
}

static __attribute__((noinline)) uint64_t call_nucleus(void)
{
    return machine_timebase() + 1;
}

/* The first auipc with a jalr behind it in a function, and where they lead. */
struct pair {
    uint64_t address, target;
    uint32_t auipc, jalr;
};

static bool pair_decode(uint64_t address, struct pair *pair)
{
    uint32_t words[2];

    memcpy(words, (const void *)address, sizeof words);
    if ((words[0] & 0x7f) != 0x17 || (words[1] & 0x707f) != 0x67)
        return false;
    *pair = (struct pair){.address = address, .auipc = words[0], .jalr = words[1]};
    pair->target = address + (uint64_t)(int64_t)(int32_t)(words[0] & 0xfffff000) +
                   (uint64_t)(int64_t)((int32_t)words[1] >> 20);
    return true;
}

/* The function of that name of this cell, static ones too. */
static bool find_function(struct test_run *t, const char *name, struct symbol_info *function)
{
    struct cell_info cell = {0};

    cell_find("load_tests", &cell);
    for (uint64_t at = cell.text; at < cell.text + cell.text_bytes; at += 2) {
        if (!symbol_at(at, function))
            continue;
        if (strcmp(function->name, name) == 0)
            return true;
        at = function->address + function->bytes - 2;
    }
    return CHECK(t, false, "no function %s", name);
}

/* Counts the recorded sites that lie in a function, and those that do not lead where they should. */
struct site_search {
    struct symbol_info function;
    unsigned sites, strays;
};

static bool count_sites(const struct cell *cell, void *argument)
{
    struct site_search *search = argument;

    for (uint32_t i = 0; i < cell->site_count; i++)
        search->sites +=
            cell->sites[i].address - search->function.address < search->function.bytes;
    return true;
}

/* The pair of @p function of this cell, and how many recorded sites it has. */
static bool find_pair(struct test_run *t, const char *function, struct pair *pair, unsigned *sites)
{
    struct site_search search = {.sites = 0};
    const struct symbol_info *found = &search.function;

    if (!find_function(t, function, &search.function))
        return false;
    cells_visit(count_sites, &search);
    *sites = search.sites;
    for (uint64_t at = found->address; at + 8 <= found->address + found->bytes; at += 2) {
        if (pair_decode(at, pair))
            return true;
    }
    return CHECK(t, false, "no auipc and jalr in %s, %lu bytes at 0x%lx", function, found->bytes,
                 found->address);
}

/* Opcodes and registers, without the distance: rd of auipc; rd, funct3 and rs1 of jalr. */
static void check_same_instructions(struct test_run *t, const struct pair *a, const struct pair *b,
                                    const char *what)
{
    CHECK(t, (a->auipc & 0xfff) == (b->auipc & 0xfff), "%s: auipc 0x%x and 0x%x", what, a->auipc,
          b->auipc);
    CHECK(t, (a->jalr & 0xfffff) == (b->jalr & 0xfffff), "%s: jalr 0x%x and 0x%x", what, a->jalr,
          b->jalr);
}

TEST(load, call_between_cells_is_the_two_instructions_of_a_call_within_one)
{
    struct symbol_info local;
    struct pair within, between, nucleus;
    volatile uint64_t one = 1, two = 2; /* a constant would make a function of its own of it */
    unsigned sites;

    CHECK(t, call_local(one, two) == 4 && call_other(one, two) == 4 && call_nucleus(),
          "calls");
    if (!find_function(t, "local_add", &local) || !find_pair(t, "call_local", &within, &sites))
        return;
    CHECK(t, within.target == local.address, "0x%lx", within.target);
    CHECK(t, sites == 0, "%u sites for a call within the cell", sites);
    if (!find_pair(t, "call_other", &between, &sites))
        return;
    CHECK(t, between.target == function_named("hello_add"), "0x%lx", between.target);
    CHECK(t, sites == 1, "%u sites for the call of another cell", sites);
    check_same_instructions(t, &within, &between, "within a cell, between cells");
    if (!find_pair(t, "call_nucleus", &nucleus, &sites))
        return;
    CHECK(t, nucleus.target == function_named("machine_timebase"), "0x%lx", nucleus.target);
    check_same_instructions(t, &within, &nucleus, "within a cell, to the nucleus");
}

static bool count_strays(const struct cell *cell, void *argument)
{
    struct site_search *search = argument;

    for (uint32_t i = 0; i < cell->site_count; i++) {
        const struct site *site = &cell->sites[i];
        struct pair pair = {0};

        if (site->type != R_RISCV_CALL && site->type != R_RISCV_CALL_PLT)
            continue;
        search->sites++;
        search->strays += !pair_decode(site->address, &pair) ||
                          pair.target != cell->imports[site->import].symbol->address;
    }
    return true;
}

TEST(load, every_recorded_call_reaches_its_target)
{
    struct site_search search = {.sites = 0};

    if (!load_good(t, "actor", NULL))
        return;
    cells_visit(count_strays, &search);
    unload_good(t, ACTOR_AND_ALL);
    CHECK(t, search.sites > 100, "only %u call sites in all cells", search.sites);
    CHECK(t, search.strays == 0, "%u of %u call sites lead elsewhere", search.strays, search.sites);
}

/* Whether @p address lies outside of the text of @p cell and is known as a stub. */
static void check_stub(struct test_run *t, uint64_t address, const char *cell, const char *name)
{
    struct symbol_info symbol = {.name = "nothing"};
    struct cell_info info = {0};

    CHECK(t, cell_find(cell, &info), "%s is not loaded", cell);
    CHECK(t, address - info.text >= info.text_bytes, "%s lies in the text of %s", name, cell);
    CHECK(t, symbol_at(address, &symbol) && strstr(symbol.name, " (stub)") &&
                 string_starts(symbol.name, name) && strcmp(symbol.cell, cell) == 0,
          "0x%lx of %s is %s:%s", address, name, symbol.cell, symbol.name);
}

static uint64_t call(uint64_t function, uint64_t a, uint64_t b)
{
    return ((uint64_t(*)(uint64_t, uint64_t))function)(a, b);
}

TEST(load, address_of_a_function_is_a_stub)
{
    struct dep_pointers pointers = {0};
    uint64_t hello = (uint64_t)hello_add;

    if (!load_good(t, "dep_e", NULL))
        return;
    ((void (*)(struct dep_pointers *))function_named("dep_e_pointers"))(&pointers);
    check_stub(t, (uint64_t)local_add, "load_tests", "local_add");
    check_stub(t, hello, "hello", "hello_add");
    check_stub(t, pointers.own_static, "dep_e", "twice");
    check_stub(t, pointers.own_exported, "dep_e", "dep_e");
    CHECK(t, pointers.of_other_cell == hello, "hello_add is 0x%lx for one cell, 0x%lx for another",
          hello, pointers.of_other_cell);
    CHECK(t, call((uint64_t)local_add, 3, 4) == 7, "own static function");
    CHECK(t, call(hello, 3, 4) == 7, "function of another cell");
    CHECK(t, call(pointers.own_static, 3, 4) == 14, "static function of another cell");
    CHECK(t, call(pointers.own_exported, 3, 4) == 35, "exported function of the cell itself");
    unload_good(t, "dep_e");
}

/* Leaves frames that are full of ones where the next allocations will find them. */
static void soil_frames(void)
{
    void *chain = NULL, *next;

    for (unsigned i = 0; i < 64; i++) {
        OWN(frames) block = {0};

        if (!frames_alloc(&block, 1, FRAME_OTHER))
            break;
        next = frames_leak(&block);
        memset(next, 0xff, 2 * PAGE_BYTES);
        *(void **)next = chain;
        chain = next;
    }
    for (; chain; chain = next) {
        OWN(frames) block = {0};

        next = *(void **)chain;
        frames_adopt(&block, chain);
        frames_drop(&block);
    }
}

static bool find_section(const char *cell, const char *name, struct section_info *section)
{
    for (unsigned i = 0; cell_section(cell, i, section); i++) {
        if (strcmp(section->name, name) == 0)
            return true;
    }
    return false;
}

TEST(load, state_is_zeroed_and_lies_where_its_section_says)
{
    struct section_info section = {0};
    struct actor_view view = {0};

    for (unsigned round = 0; round < 3; round++) {
        soil_frames();
        if (!load_good(t, "actor", NULL))
            return;
        ((void (*)(struct actor_view *))function_named("actor_view"))(&view);
        CHECK(t, view.dirty_bytes == 0, "%lu bytes were not", view.dirty_bytes);
        CHECK(t, find_section("actor", ".cell.state", &section), "no such section");
        CHECK(t, section.address == (uint64_t)view.state && section.bytes == view.state_bytes,
              "the section is at 0x%lx, %lu bytes, the state at %p, %lu bytes", section.address,
              section.bytes, view.state, view.state_bytes);
        CHECK(t, strcmp(section.access, "rw") == 0, "%s", section.access);
        memset((uint8_t *)view.state + 64, 0xff, view.state_bytes - 64); /* behind what it uses */
        unload_good(t, ACTOR_AND_ALL);
    }
}

static int store(void *address)
{
    *(volatile uint8_t *)address = 0;
    return 0;
}

TEST(load, only_state_of_a_loaded_cell_is_writable)
{
    struct section_info section;
    unsigned kinds[2] = {0};

    if (!load_good(t, "actor", NULL))
        return;
    for (unsigned i = 0; cell_section("actor", i, &section); i++) {
        bool state = strcmp(section.access, "rw") == 0;
        enum status end = run_apart(store, (void *)(section.address + section.bytes - 1));

        kinds[state]++;
        CHECK(t, end == (state ? OK : ERR_FAULT), "a store to %s: %s", section.name,
              status_name(end));
    }
    CHECK(t, kinds[0] >= 5 && kinds[1] == 1, "%u read-only sections, %u with state", kinds[0],
          kinds[1]);
    unload_good(t, ACTOR_AND_ALL);
}
