/* Faults in cell evolve itself, wherever that may be: what it has done by then is undone, and what had failed is, too. */
#include "nucleus/hart.h"
#include "nucleus/live_text.h"
#include "nucleus/object.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "recovery.h"
#include "versions.h"

#define FUNCTIONS 256u
#define NOTES 20u
#define C_EBREAK 0x9002u /* RISC-V, "C" extension, 16.5 (CR format): c.ebreak */

/* Where its functions begin, but for those that free what was prepared, when a swap is over: what they do not free stays, and
 * keeps cells that were replaced. */
struct places {
    uint64_t at[FUNCTIONS];
    unsigned count;
};

static bool frees(const char *name)
{
    static const char names[][16] = {"plan_end", "plan_free", "free_some_dead", "find_dead",
                                     "bodies_free", "chunks_free", "buffer_give", "store_spare", "store_free"};
    bool found = false;

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        found |= strcmp(names[i], name) == 0;
    return found;
}

static bool note_places(const struct cell *cell, void *argument)
{
    struct places *places = argument;

    if (strcmp(cell->manifest.name, "evolve") != 0 || !cell->live)
        return true;
    for (uint32_t i = 1; i < cell->symbol_count && places->count < FUNCTIONS; i++) {
        const struct elf_symbol *symbol = &cell->symbols[i];

        if ((symbol->info & 15) == STT_FUNC && symbol->shndx != SHN_UNDEF &&
            !frees(cell->symbol_names + symbol->name))
            places->at[places->count++] = cell->sections[symbol->shndx].address + symbol->value;
    }
    return false;
}

/* Has whoever comes to @p place fault there, each time, or, with @p place 0, as it was. */
static void spoil(uint64_t place)
{
    OWN(irq_guard) guard = {0};
    struct text_pair *pair = version_pair();
    bool spoils = place != 0;

    if (spoils) {
        pair->address = place;
        memcpy(&pair->was, (const void *)place, sizeof pair->was);
        pair->becomes = (pair->was & ~0xfffful) | C_EBREAK;
    }
    irq_disable(&guard);
    text_write_pairs(pair, 1, spoils);
    irq_restore(&guard);
    harts_fence_i();
}

/* @return whether it faulted: nothing has changed then, and nothing may have when it failed anyway. */
static bool swap_spoilt(struct test_run *t, const struct wanted *wanted, uint64_t place) REQUIRES(may_park);
static bool swap_spoilt(struct test_run *t, const struct wanted *wanted, uint64_t place)
{
    struct swap_report report;
    struct snapshot before;
    enum status status;

    snapshot_take(&before);
    spoil(place);
    status = version_swap("notes", wanted, &report);
    spoil(0);
    if (report.done && CHECK(t, wanted->plan == NOTES_NOTHING, "0x%lx: it is done", place)) {
        version_take(t, "notes", "notes.cell");
        return false;
    }
    CHECK(t, status != OK && notes_version() == 1, "0x%lx: %s, version %u", place, status_name(status), notes_version());
    snapshot_check_but_memory(t, &before, report.why.text);
    return status == ERR_FAULT;
}

static void spoil_each(struct test_run *t, const struct wanted *wanted) REQUIRES(may_park);
static void spoil_each(struct test_run *t, const struct wanted *wanted)
{
    OWN(recovery_hold) hold = {0}; /* it would have the cell replaced */
    struct places places;
    struct crop crop;
    unsigned faults = 0;

    places.count = 0;
    cells_visit(note_places, &places);
    CHECK(t, places.count > 30 && places.count < FUNCTIONS, "%u functions", places.count);
    if (!notes_begin(t) || !crop_make(t, &crop, NOTES))
        return;
    recovery_hold_begin(&hold);
    for (unsigned i = 0; i < places.count; i++)
        faults += swap_spoilt(t, wanted, places.at[i]);
    recovery_hold_end(&hold);
    CHECK(t, faults >= 10, "only %u of %u functions were come to", faults, places.count);
    crop_check(t, &crop);
    crop_drop(&crop);
}

TEST(evolve, fault_anywhere_in_evolve_changes_nothing)
{
    const struct wanted wanted = {.file = "wider/notes.cell"};

    spoil_each(t, &wanted);
}

TEST(evolve, fault_in_evolve_does_not_keep_a_failed_migration)
{
    const struct wanted wanted = {.file = "wider/notes.cell", .plan = NOTES_FAILS, .step = NOTES};

    spoil_each(t, &wanted);
}
