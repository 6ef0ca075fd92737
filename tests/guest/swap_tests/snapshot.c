/* Snapshots (snapshot.h). Memory is read where it lies; tables through the nucleus' own records. */
#include "snapshot.h"

#include "clock.h"
#include "nucleus/memory_records.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "swaps.h"
#include "task.h"
#include "vm.h"

/* FNV-1a, over words: what is hashed is long. */
static void mix_word(uint64_t *hash, uint64_t word)
{
    *hash = (*hash ^ word) * 0x100000001b3ull;
}

static void mix_bytes(uint64_t *hash, const void *bytes, size_t count)
{
    uint64_t word;

    for (size_t i = 0; i < count; i += sizeof word) {
        word = 0;
        memcpy(&word, (const uint8_t *)bytes + i,
               count - i < sizeof word ? count - i : sizeof word);
        mix_word(hash, word);
    }
}

static void mix_text(uint64_t *hash, const char *text)
{
    mix_bytes(hash, text, strlen(text) + 1);
}

static void mix_imports(uint64_t *hash, const struct cell *cell)
{
    for (uint32_t i = 0; i < cell->import_count; i++) {
        const struct import *import = &cell->imports[i];

        mix_text(hash, import->name);
        mix_word(hash, import->symbol->address);
        mix_word(hash, (uint64_t)import->symbol->cell);
        mix_word(hash, import->stub ? import->stub->address : 0);
        mix_word(hash, import->sites);
    }
    for (uint32_t i = 0; i < cell->site_count; i++) {
        mix_word(hash, cell->sites[i].address);
        mix_word(hash, cell->sites[i].type);
        mix_word(hash, cell->sites[i].import);
    }
}

static void mix_stubs(uint64_t *hash, const struct cell *cell)
{
    for (const struct list *node = cell->stubs.next; node != &cell->stubs; node = node->next) {
        const struct stub *stub = list_entry(node, struct stub, link);

        mix_word(hash, stub->function);
        mix_word(hash, stub->uses);
        mix_word(hash, stub->own);
        mix_word(hash, stub->address);
        mix_bytes(hash, (const void *)stub->address, STUB_BYTES);
    }
}

/* Cells of which tests replace versions, and whose state only tests change. */
static bool is_watched(const struct cell *cell)
{
    static const char names[][16] = {"victim", "notes", "jar_plain", "jar_mean", "tray"};

    for (unsigned i = 0; cell && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(cell->manifest.name, names[i]) == 0)
            return true;
    }
    return false;
}

static bool mix_cell(const struct cell *cell, void *argument)
{
    struct snapshot *snapshot = argument;
    uint64_t *records = &snapshot->records;

    mix_bytes(&snapshot->text, cell->text.base, cell->text.bytes);
    mix_bytes(&snapshot->rodata, cell->rodata.base, cell->rodata.bytes);
    if (is_watched(cell))
        mix_bytes(&snapshot->state, cell->state.base, cell->state.bytes);
    mix_text(records, cell->manifest.name);
    mix_text(records, cell->manifest.version);
    mix_word(records, cell->live);
    mix_word(records, (uint64_t)cell->text.base);
    mix_word(records, (uint64_t)cell->rodata.base);
    mix_word(records, (uint64_t)cell->state.base);
    for (uint32_t i = 0; i < cell->export_count; i++) {
        mix_text(records, cell->exports[i].name);
        mix_word(records, cell->exports[i].address);
    }
    mix_imports(records, cell);
    mix_stubs(records, cell);
    return true;
}

static void mix_symbols(uint64_t *hash)
{
    struct symbol_info symbol;

    for (unsigned i = 0; symbol_get(i, &symbol); i++) {
        mix_text(hash, symbol.name);
        mix_word(hash, symbol.address);
        mix_word(hash, symbol_find(symbol.name, &symbol));
        mix_text(hash, symbol.cell);
        mix_word(hash, symbol.address);
    }
}

static void mix_hooks(uint64_t *hash)
{
    const struct hook *hook;

    for (unsigned i = 0; (hook = nucleus_hook(i)) != NULL; i++) {
        mix_text(hash, hook->name);
        mix_word(hash, *hook->slot);
        mix_text(hash, cell_name(hook->cell));
    }
}

/* The objects of watched cells, and what their kinds are now. */
static bool mix_objects(const struct kind *kind, void *argument)
{
    struct snapshot *snapshot = argument;

    if (!is_watched(kind->owner))
        return true;
    mix_word(&snapshot->kinds, kind->object_bytes);
    mix_word(&snapshot->kinds, kind->signature);
    list_each(node, &kind->slabs) {
        const struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; slot < slab->bin->slots; slot++) {
            if (!slab_holds(slab, slot))
                continue;
            mix_word(&snapshot->contents, (uint64_t)slab_object(slab, slot));
            mix_bytes(&snapshot->contents, slab_object(slab, slot),
                      kind->object_bytes ? kind->object_bytes : slab->bin->slot_bytes);
        }
    }
    return true;
}

static void take_kinds(struct snapshot *snapshot)
{
    struct kind_info kind;

    for (unsigned i = 0; kind_get(i, &kind); i++) {
        mix_text(&snapshot->kinds, kind.name);
        mix_text(&snapshot->kinds, kind.owner);
        snapshot->slab_bytes += kind.slab_bytes;
        mix_word(&snapshot->kinds, kind.live);
        snapshot->objects += kind.live;
        snapshot->object_bytes += kind.live_bytes;
    }
}

/* What holds a cell that was replaced. Not inlined, as a zombie_info would hold it, too. */
static __attribute__((noinline)) bool find_holder(char holder[CELL_HOLDER_ROOM])
{
    struct zombie_info zombie;

    holder[0] = '\0';
    if (!zombie_get(0, &zombie))
        return false;
    string_copy(holder, CELL_HOLDER_ROOM, zombie.holder);
    return true;
}

/* A word that only looks like an address keeps a cell for a while. */
static void wait_for_zombies(char holder[CELL_HOLDER_ROOM]) REQUIRES(may_park);
static void wait_for_zombies(char holder[CELL_HOLDER_ROOM])
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    while ((cells_drain() != OK || find_holder(holder)) && clock_now_ns() < limit)
        clock_sleep(MS);
}

void snapshot_take(struct snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    wait_for_zombies(snapshot->holder);
    cells_visit(mix_cell, snapshot);
    mix_symbols(&snapshot->symbols);
    mix_hooks(&snapshot->hooks);
    task_drain();
    heap_drain();
    vm_drain();
    frame_drain();
    frame_stats(&snapshot->frames);
    take_kinds(snapshot);
    kinds_visit(mix_objects, snapshot);
}

static void check_one(struct test_run *t, uint64_t now, uint64_t before, const char *of,
                      const char *what)
{
    CHECK(t, now == before, "%s: %s: %lu, was %lu", what, of, now, before);
}

static void check_memory(struct test_run *t, const struct snapshot *now,
                         const struct snapshot *before, const char *what)
{
    for (unsigned i = 0; i < FRAME_USES; i++)
        check_one(t, now->frames.used[i], before->frames.used[i], frame_use_name(i), what);
    check_one(t, now->objects, before->objects, "objects", what);
    check_one(t, now->object_bytes, before->object_bytes, "bytes of objects", what);
    check_one(t, now->slab_bytes, before->slab_bytes, "bytes of slabs", what);
    CHECK(t, !before->holder[0], "%s: a cell that was replaced before is held by %s", what,
          before->holder);
    CHECK(t, !now->holder[0], "%s: a cell that was replaced is held by %s", what, now->holder);
}

static void check_rest(struct test_run *t, const struct snapshot *now, const struct snapshot *before,
                       const char *what)
{
    check_one(t, now->text, before->text, "text of all cells", what);
    check_one(t, now->rodata, before->rodata, "read-only data of all cells", what);
    check_one(t, now->records, before->records, "records of cells", what);
    check_one(t, now->symbols, before->symbols, "symbols", what);
    check_one(t, now->hooks, before->hooks, "hooks", what);
    check_one(t, now->state, before->state, "state of the cells that are replaced", what);
    check_one(t, now->contents, before->contents, "objects of the cells that are replaced", what);
}

void snapshot_check_memory(struct test_run *t, const struct snapshot *before, const char *what)
{
    struct snapshot now;

    snapshot_take(&now);
    check_memory(t, &now, before, what);
}

void snapshot_check(struct test_run *t, const struct snapshot *before, const char *what)
{
    struct snapshot now;

    snapshot_take(&now);
    check_memory(t, &now, before, what);
    check_one(t, now.kinds, before->kinds, "kinds", what);
    check_rest(t, &now, before, what);
}

void snapshot_check_but_memory(struct test_run *t, const struct snapshot *before, const char *what)
{
    struct snapshot now;

    snapshot_take(&now);
    check_rest(t, &now, before, what);
}
