/* New versions that fail, fault or hang before they are in order: the old one serves meanwhile, or soon again, and what was
 * accepted is there. */
#include "nucleus/machine.h"
#include "trays.h"

#define TURN_MS 10u /* of the scheduler: so long the task that swaps computes when it has a reason to */

/* What is wrong with a version, and what becomes of its swap. */
struct entry {
    enum tray_plan plan;
    enum status status;
    const char *says, *logged;
    unsigned most_ms; /* without the old version */
};

/* A fault has its report in the log, before what became of the swap. */
static void check_story(struct test_run *t, const struct entry *entry, uint64_t from, const struct swap_report *report)
    REQUIRES(may_park);
static void check_story(struct test_run *t, const struct entry *entry, uint64_t from, const struct swap_report *report)
{
    struct swap_report kept;

    CHECK(t, strcmp(report->why.text, entry->says) == 0, "it says: %s", report->why.text);
    CHECK(t, swap_of(report->number, &kept) && strcmp(kept.why.text, entry->says) == 0 && !kept.done, "`swaps` says: %s",
          kept.why.text);
    CHECK(t, log_await(from, entry->logged ? TEXTS(entry->logged, ", of tray: ", entry->says)
                                           : TEXTS(", of tray: ", entry->says)),
          "the log does not tell: %s", entry->says);
}

static void try_entry(struct test_run *t, const char *file, const struct entry *entry) REQUIRES(may_park);
static void try_entry(struct test_run *t, const char *file, const struct entry *entry)
{
    const struct wanted wanted = {.file = file, .plan = entry->plan, .probation = true};
    struct swap_report report;
    struct putter putter;
    uint64_t from = log_end(), ms = machine_timebase() / 1000;
    enum status status;

    if (!tray_begin(t) || !putter_start(t, &putter, false))
        return;
    putter_await_first(t, &putter);
    status = version_swap("tray", &wanted, &report);
    CHECK(t, status == entry->status && !report.done, "%s: %s", file, status_name(status));
    putter_await_first(t, &putter);
    putter_stop(&putter);
    CHECK(t, putter.end == OK && tray_version() == 1, "%s; version %u serves", status_name(putter.end), tray_version());
    CHECK(t, putter.longest < entry->most_ms * ms || !time_is_counted(), "%s: for %lu us the old version did not serve",
          entry->says, putter.longest * 1000 / ms);
    CHECK(t, putter.second > 0 || entry->plan != TRAY_START_HANGS, "the new version never served");
    check_story(t, entry, from, &report);
    tray_check(t, &putter, 1);
}

static void try_entries(struct test_run *t, const struct entry *entries, unsigned count) REQUIRES(may_park);
static void try_entries(struct test_run *t, const struct entry *entries, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        try_entry(t, "same_layout/tray.cell", &entries[i]);
        try_entry(t, "wide/tray.cell", &entries[i]);
    }
}

/* While it hangs all others have their turns. */
TEST(evolve, old_version_serves_while_an_init_fails)
{
    static const struct entry entries[] = {
        {TRAY_INIT_FAILS, ERR_INIT, "tray: its init() failed: device error", NULL, 10},
        {TRAY_INIT_FAULTS, ERR_FAULT, "tray: its init() failed: faulted", "(tray:", 10},
        {TRAY_INIT_HANGS, ERR_INIT, "tray: its init() failed: timed out", "(tray:loop+", 10 + TURN_MS},
    };

    try_entries(t, entries, sizeof entries / sizeof entries[0]);
}

TEST(evolve, old_version_serves_soon_after_a_start_fails)
{
    static const struct entry entries[] = {
        {TRAY_START_FAILS, ERR_INIT, "tray: its start() failed: device error", NULL, 10},
        {TRAY_START_FAULTS, ERR_FAULT, "tray: its start() failed: faulted", "(tray:", 10},
        {TRAY_START_HANGS, ERR_INIT, "tray: its start() failed: timed out", "(tray:loop+", 1010},
    };

    try_entries(t, entries, sizeof entries / sizeof entries[0]);
}
