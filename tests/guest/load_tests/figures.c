/* Figures (figures.h). All of it goes through interfaces that others use, too: frames and heap as `mem`
 * and `heap` show them, tables as `cells`, `symbols` and completion see them. */
#include "figures.h"

#include "command.h"
#include "nucleus/heap.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "task.h"
#include "vm.h"

static void take_kinds(struct figures *figures)
{
    struct kind_info kind;

    while (kind_get((unsigned)figures->heap.kinds, &kind)) {
        figures->heap.kinds++;
        figures->heap.live += kind.live;
        figures->heap.live_bytes += kind.live_bytes;
        figures->heap.slab_bytes += kind.slab_bytes;
    }
}

/* FNV-1a, a byte at a time. */
static void mix(struct figures *figures, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        figures->tables.hash =
            (figures->tables.hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ull;
}

static void mix_text(struct figures *figures, const char *text)
{
    mix(figures, text, strlen(text) + 1);
}

/* Which stubs there are, and how often each is in use. */
static bool mix_stubs(const struct cell *cell, void *argument)
{
    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next) {
        const struct stub *stub = list_entry(node, struct stub, link);

        mix(argument, &stub->address, sizeof stub->address);
        mix(argument, &stub->uses, sizeof stub->uses);
    }
    return true;
}

static void take_cells(struct figures *figures)
{
    struct cell_info cell;
    struct symbol_info symbol;

    while (cell_get((unsigned)figures->tables.cells, &cell)) {
        figures->tables.cells++;
        mix_text(figures, cell.name);
        mix(figures, &cell.text, sizeof cell.text);
        mix(figures, &cell.users, sizeof cell.users);
    }
    while (symbol_get((unsigned)figures->tables.symbols, &symbol)) {
        figures->tables.symbols++;
        mix_text(figures, symbol.name);
        mix(figures, &symbol.address, sizeof symbol.address);
    }
    cells_visit(mix_stubs, figures);
}

static void take_sets(struct figures *figures)
{
    struct command command;
    struct hook_info hook;
    struct test test;

    while (set_get("command", (unsigned)figures->tables.commands, &command, sizeof command, NULL)) {
        figures->tables.commands++;
        mix_text(figures, command.name);
    }
    while (set_get("test", (unsigned)figures->tables.tests, &test, sizeof test, NULL)) {
        figures->tables.tests++;
        mix_text(figures, test.name);
    }
    for (unsigned i = 0; hook_get(i, &hook); i++)
        mix_text(figures, hook.bound_to);
}

void figures_take(struct figures *figures)
{
    memset(figures, 0, sizeof *figures);
    take_cells(figures);
    take_sets(figures);
    task_drain();
    heap_drain();
    vm_drain();
    frame_drain();
    frame_stats(&figures->frames);
    take_kinds(figures);
}

static void check_one(struct test_run *t, uint64_t now, uint64_t before, const char *of,
                      const char *what)
{
    CHECK(t, now == before, "%s: %s: %lu, were %lu", what, of, now, before);
}

void figures_check(struct test_run *t, const struct figures *before, const char *what)
{
    struct figures now;

    figures_take(&now);
    check_one(t, now.frames.free, before->frames.free, "free frames", what);
    for (unsigned i = 0; i < FRAME_USES; i++)
        check_one(t, now.frames.used[i], before->frames.used[i], frame_use_name(i), what);
    check_one(t, now.heap.kinds, before->heap.kinds, "kinds", what);
    check_one(t, now.heap.live, before->heap.live, "objects", what);
    check_one(t, now.heap.live_bytes, before->heap.live_bytes, "bytes of objects", what);
    check_one(t, now.heap.slab_bytes, before->heap.slab_bytes, "bytes of slabs", what);
    check_one(t, now.tables.cells, before->tables.cells, "cells", what);
    check_one(t, now.tables.symbols, before->tables.symbols, "symbols", what);
    check_one(t, now.tables.commands, before->tables.commands, "commands", what);
    check_one(t, now.tables.tests, before->tables.tests, "tests", what);
    check_one(t, now.tables.hash, before->tables.hash, "names, addresses, uses of stubs", what);
}
