/* Commands that replace cells: swap, swaps. `swap` is made of steps, because it waits while any cell is
 * replaced, this one and the shell included: between two steps its task has no frame in either. */
#include "commands.h"
#include "inspect.h"
#include "swap.h"
#include "text.h"
#include "swap_log.h"

static const char phase_names[SWAP_PHASES][8] = {"prepare", "init",  "hold",
                                                "commit",  "start", "reclaim"};

static const char *const actions[] = {"swap", "rollback", "commit"}; /* by enum swap_action */

/* What `swap` keeps in command_progress.words. */
enum { REQUEST, VERBOSE, AS_JSON };

static unsigned long long sum(const struct swap_report *report)
{
    unsigned long long total = 0;

    for (unsigned phase = 0; phase < SWAP_PHASES; phase++)
        total += report->instructions[phase];
    return total;
}

static const char *const done[] = {"swapped", "rolled back", "committed"}; /* by enum swap_action */

static const char *outcome(const struct swap_report *report)
{
    if (report->done)
        return done[report->action];
    if (report->status == AGAIN)
        return report->begun ? "goes on" : "waits";
    return report->dry_run && report->status == OK ? "dry run" : status_name(report->status);
}

static void report_to_json(struct json *json, const struct swap_report *report)
{
    json_object(json, NULL);
    json_number(json, "number", report->number);
    json_text(json, "action", actions[report->action]);
    json_array(json, "cells");
    for (unsigned i = 0; i < report->count; i++) {
        json_object(json, NULL);
        json_text(json, "old", report->cells[i].old);
        json_text(json, "old_version", report->cells[i].old_version);
        json_text(json, "new", report->cells[i].new);
        json_text(json, "new_version", report->cells[i].new_version);
        json_end(json);
    }
    json_end(json);
    json_text(json, "status", status_name(report->status));
    json_boolean(json, "begun", report->begun);
    json_boolean(json, "done", report->done);
    json_boolean(json, "dry_run", report->dry_run);
    json_boolean(json, "probation", report->probation);
    json_text(json, "why", report->why.text);
    json_number(json, "sites", report->sites);
    json_number(json, "stubs", report->stubs);
    json_number(json, "tasks", report->tasks);
    json_number(json, "walked", report->walked);
    json_number(json, "tries", report->tries);
    json_number(json, "objects", report->objects);
    json_number(json, "pause", report->pause);
    json_object(json, "instructions");
    for (unsigned phase = 0; phase < SWAP_PHASES; phase++)
        json_number(json, phase_names[phase], report->instructions[phase]);
    json_end(json);
    json_end(json);
}

static void show_phases(const struct swap_report *report) REQUIRES(may_park);
static void show_phases(const struct swap_report *report)
{
    struct zombie_info zombie;
    unsigned zombies = 0;

    print("%-8s %12s\n", "PHASE", "INSTRUCTIONS");
    for (unsigned phase = 0; phase < SWAP_PHASES; phase++)
        print("%-8s %12llu\n", phase_names[phase], (unsigned long long)report->instructions[phase]);
    print("%-8s %12llu\n", "all", sum(report));
    print("%-8s %12llu (the longest time that all harts stood still)\n", "pause",
          (unsigned long long)report->pause);
    print("%u sites and %u stubs %s, %u tasks, %u stacks walked, tries: %u, %u objects brought into another layout\n",
          report->sites, report->stubs, report->done ? "patched" : "to patch", report->tasks, report->walked,
          report->tries, report->objects);
    while (zombie_get(zombies, &zombie))
        zombies++;
    if (zombies)
        print("%u replaced cells are not freed yet (see cells)\n", zombies);
}

/* "swapped A 1.0 for A 1.1, B 1.0 for B 2.0" */
static void show_cells(const struct swap_report *report, const char *verb, const char *joint) REQUIRES(may_park);
static void show_cells(const struct swap_report *report, const char *verb, const char *joint)
{
    for (unsigned i = 0; i < report->count; i++)
        print("%s %s %s %s %s %s", i == 0 ? verb : ",", report->cells[i].old, report->cells[i].old_version, joint,
              report->cells[i].new, report->cells[i].new_version);
}

static void show(const struct swap_report *report, bool verbose) REQUIRES(may_park);
static void show(const struct swap_report *report, bool verbose)
{
    if (report->done && report->action == SWAP_FOR_GOOD) {
        print("committed: %s stays\n", report->cells[0].old);
    } else if (report->done) {
        show_cells(report, done[report->action], "for");
        print(" in %llu instructions%s\n", sum(report), report->probation ? ", on probation" : "");
    } else if (report->status == OK) {
        show_cells(report, "replacing", "by");
        print(" would patch %u sites and %u stubs, with %u tasks to look at; nothing was changed\n",
              report->sites, report->stubs, report->tasks);
    }
    if (report->status != OK)
        print("%s: %s\n", actions[report->action],
              report->why.text[0] ? report->why.text : status_name(report->status));
    if (verbose)
        show_phases(report);
}

/* @return what ends the command, with @p status. */
static enum status end(struct command_progress *progress, int status)
{
    progress->status = status;
    return ERR_CANCELLED;
}

/* The request, between two steps in the progress and for the time of one in a handle.
 * UNCHECKED, both: they move it between what is no handle and one. */
static void request_lend(struct command_progress *progress, swap_request *request) MAKES(*request)
    UNCHECKED
{
    request->job = (struct swap_job *)progress->words[REQUEST];
    progress->words[REQUEST] = 0;
}

static void request_keep(struct command_progress *progress, swap_request *request) TAKES(*request)
    UNCHECKED
{
    progress->words[REQUEST] = (uint64_t)request->job;
    request->job = NULL;
}

/* Fills @p order with what the words say: OLD NEW, or OLD=NEW for each pair. They are cut at the =. @return false: they are
 * wrong (@p why is empty then), or there is no such file. */
static bool read_pairs(struct command_progress *progress, struct swap_order *order,
                       struct cell_source sources[SWAP_MOST], struct why *why)
{
    char **argv = progress->argv;
    int words = progress->argc - 1;
    bool in_two = words == 2 && !strchr(argv[1], '=');

    if (words < 1 || (!in_two && words > (int)SWAP_MOST))
        return false;
    order->count = in_two ? 1 : (uint32_t)words;
    for (unsigned i = 0; i < order->count; i++) {
        char *old = argv[i + 1], *equals = in_two ? NULL : strchr(old, '='), *new = argv[2];

        if (!in_two && (!equals || equals == old || !equals[1]))
            return false;
        if (!in_two) {
            *equals = '\0';
            new = equals + 1;
        }
        if (*old == '-' || *new == '-')
            return false;
        if (!cell_source_find(&sources[i], new, why))
            return false;
        order->pairs[i] = (struct swap_pair){old, sources[i].name, sources[i].image, sources[i].bytes};
    }
    return true;
}

/* @p order is asked for, if it is @p right; else @p why says why not, or the words are wrong. */
static enum status ask(struct command_progress *progress, const struct swap_order *order, bool right,
                       struct why *why) REQUIRES(may_park);
static enum status ask(struct command_progress *progress, const struct swap_order *order, bool right,
                       struct why *why)
{
    OWN(swap_request) request = {0};

    if (!right && !why->text[0])
        return end(progress, usage_error(actions[order->action]));
    if (!right || !cells_swap(&request, order, why)) {
        print("%s: %s\n", actions[order->action], why->text);
        return end(progress, 1);
    }
    request_keep(progress, &request);
    return OK;
}

static void options_take(struct command_progress *progress)
{
    progress->words[AS_JSON] = option_take(&progress->argc, progress->argv, "--json");
    progress->words[VERBOSE] = option_take(&progress->argc, progress->argv, "-v");
}

static enum status ask_swap(struct command_progress *progress) REQUIRES(may_park);
static enum status ask_swap(struct command_progress *progress)
{
    struct cell_source sources[SWAP_MOST];
    struct swap_order order;
    struct why why;
    bool right;

    memset(&order, 0, sizeof order);
    why.text[0] = '\0';
    order.dry_run = option_take(&progress->argc, progress->argv, "--dry-run");
    order.probation = !option_take(&progress->argc, progress->argv, "--final");
    options_take(progress);
    right = read_pairs(progress, &order, sources, &why);
    return ask(progress, &order, right, &why);
}

/* rollback NAME, commit NAME. */
static enum status ask_named(struct command_progress *progress, enum swap_action action) REQUIRES(may_park);
static enum status ask_named(struct command_progress *progress, enum swap_action action)
{
    struct swap_order order;
    struct why why;

    memset(&order, 0, sizeof order);
    why.text[0] = '\0';
    options_take(progress);
    order.action = action;
    order.count = 1;
    order.pairs[0].old = progress->argv[1];
    return ask(progress, &order, words_fit(progress->argc, progress->argv, 2, 2), &why);
}

/* Ctrl-C: the swap itself cannot be stopped once it has begun, and has a deadline of its own. */
static enum status leave(struct command_progress *progress, swap_request *request,
                         unsigned long long number) TAKES(*request) REQUIRES(may_park);
static enum status leave(struct command_progress *progress, swap_request *request,
                         unsigned long long number)
{
    if (swap_drop(request))
        print("swap: number %llu is taken back, nothing was changed\n", number);
    else
        print("swap: number %llu goes on, see swaps\n", number);
    return end(progress, 1);
}

/* What comes after the request: until it is over, again and again. */
static enum status step_request(struct command_progress *progress) REQUIRES(may_park);
static enum status step_request(struct command_progress *progress)
{
    OWN(swap_request) request = {0};
    struct swap_report report;
    enum status status;
    struct json json;

    request_lend(progress, &request);
    status = swap_step(&request, &report);
    if (status == AGAIN) {
        if (task_cancelled())
            return leave(progress, &request, report.number);
        request_keep(progress, &request);
        return AGAIN;
    }
    swap_drop(&request);
    if (progress->words[AS_JSON]) {
        json_to_console(&json);
        report_to_json(&json, &report);
        json_finish(&json);
    } else {
        show(&report, progress->words[VERBOSE]);
    }
    return end(progress, report.status == OK ? 0 : 1);
}

static enum status step_swap(void *argument)
{
    struct command_progress *progress = argument;

    role_assert_may_park();
    return progress->words[REQUEST] ? step_request(progress) : ask_swap(progress);
}

COMMAND(swap, .step = step_swap,
        .usage = "swap OLD NEW | swap OLD=NEW... [--final] [-v] [--dry-run] [--json]",
        .help = "Replaces cells while the system runs.\n"
                "\n"
                "OLD is a loaded cell; NEW, from the boot archive, is another version of it, or\n"
                "another provider of its interface: swap sched_rr sched_mlfq. With a / NEW is a\n"
                "file of the archive: swap uart rebuilt/uart.cell. Several pairs, up to 8, are\n"
                "one transaction: for an interface that changes, with its users. Every caller\n"
                "goes on with NEW, or nothing has changed and the reason is printed. State and\n"
                "objects go over; where NEW has another layout for them it must say how.\n"
                "\n"
                "The old version is kept for a while, on probation: a fault in the new one brings\n"
                "it back (see rollback, commit). --final: not so. -v shows what each phase took,\n"
                "in instructions; in hold all harts stand still, and the calls are patched.\n"
                "--dry-run prepares and counts, and changes nothing. Ctrl-C takes back a swap\n"
                "whose turn has not come, and else does not wait for its end. Status: 0 swapped\n"
                "(or a dry run that found nothing against it), 1 not swapped. swaps lists what\n"
                "was done.");

static enum status step_rollback(void *argument)
{
    struct command_progress *progress = argument;

    role_assert_may_park();
    return progress->words[REQUEST] ? step_request(progress) : ask_named(progress, SWAP_ROLLBACK);
}

COMMAND(rollback, .step = step_rollback, .usage = "rollback NAME [-v] [--json]",
        .help = "Brings back what a cell on probation has replaced.\n"
                "\n"
                "NAME is the cell that serves now. What came in one swap with it goes back, too.\n"
                "Nothing that was accepted since the swap is lost: state and objects go over\n"
                "again, as they are now. Status: 0 rolled back, 1 not, and the reason is printed.");

static enum status step_commit(void *argument)
{
    struct command_progress *progress = argument;

    role_assert_may_park();
    return progress->words[REQUEST] ? step_request(progress) : ask_named(progress, SWAP_FOR_GOOD);
}

COMMAND(commit, .step = step_commit, .usage = "commit NAME [--json]",
        .help = "Ends the probation of a cell: the old version is freed.\n"
                "\n"
                "That happens by itself after 100 ms without a fault, or when it is swapped\n"
                "again. What came in one swap with it is committed, too.");

static int run_swaps(int argc, char **argv)
{
    bool as_json = option_take(&argc, argv, "--json");
    struct swap_report report;
    struct json json;

    role_assert_may_park();
    if (!words_fit(argc, argv, 1, 1))
        return usage_error("swaps");
    if (as_json) {
        json_to_console(&json);
        json_array(&json, NULL);
        for (unsigned i = 0; swap_get(i, &report); i++)
            report_to_json(&json, &report);
        json_end(&json);
        json_finish(&json);
        return 0;
    }
    print("%6s %-14s %-14s %-7s %-11s %12s %5s %5s\n", "NUMBER", "OLD", "NEW", "VERSION", "OUTCOME",
          "INSTRUCTIONS", "SITES", "TRIES");
    for (unsigned i = 0; swap_get(i, &report); i++) {
        for (unsigned j = 0; j < report.count; j++)
            print("%6llu %-14s %-14s %-7s %-11s %12llu %5u %5u\n", (unsigned long long)report.number,
                  report.cells[j].old, report.cells[j].new[0] ? report.cells[j].new : "-",
                  report.cells[j].new_version[0] ? report.cells[j].new_version : "-", outcome(&report),
                  sum(&report), report.sites, report.tries);
    }
    return 0;
}

COMMAND(swaps, .run = run_swaps, .usage = "swaps [--json]",
        .help = "Lists the last swaps, the newest first.\n"
                "\n"
                "INSTRUCTIONS is what each took from the request's turn to the end, SITES the\n"
                "places patched, TRIES how often all harts were stopped for it. --json tells all\n"
                "that swap -v does, and why one was refused.");
