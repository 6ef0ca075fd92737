/* Commands that replace cells: swap, swaps. `swap` is made of steps, because it waits while any cell is
 * replaced, this one and the shell included: between two steps its task has no frame in either. */
#include "nucleus/swap.h"
#include "commands.h"
#include "inspect.h"
#include "swap_log.h"

static const char phase_names[SWAP_PHASES][8] = {"prepare", "init",  "hold",
                                                "commit",  "start", "reclaim"};

/* What `swap` keeps in command_progress.words. */
enum { REQUEST, VERBOSE, AS_JSON };

static unsigned long long sum(const struct swap_report *report)
{
    unsigned long long total = 0;

    for (unsigned phase = 0; phase < SWAP_PHASES; phase++)
        total += report->instructions[phase];
    return total;
}

static const char *outcome(const struct swap_report *report)
{
    if (report->done)
        return "swapped";
    if (report->status == AGAIN)
        return report->begun ? "goes on" : "waits";
    return report->dry_run && report->status == OK ? "dry run" : status_name(report->status);
}

static void report_to_json(struct json *json, const struct swap_report *report)
{
    json_object(json, NULL);
    json_number(json, "number", report->number);
    json_text(json, "old", report->old);
    json_text(json, "old_version", report->old_version);
    json_text(json, "new", report->new);
    json_text(json, "new_version", report->new_version);
    json_text(json, "status", status_name(report->status));
    json_boolean(json, "begun", report->begun);
    json_boolean(json, "done", report->done);
    json_boolean(json, "dry_run", report->dry_run);
    json_text(json, "why", report->why.text);
    json_number(json, "sites", report->sites);
    json_number(json, "stubs", report->stubs);
    json_number(json, "tasks", report->tasks);
    json_number(json, "walked", report->walked);
    json_number(json, "tries", report->tries);
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
    print("%u sites and %u stubs %s, %u tasks, %u stacks walked, tries: %u\n", report->sites,
          report->stubs, report->done ? "patched" : "to patch", report->tasks, report->walked,
          report->tries);
    while (zombie_get(zombies, &zombie))
        zombies++;
    if (zombies)
        print("%u replaced cells are not freed yet (see cells)\n", zombies);
}

static void show(const struct swap_report *report, bool verbose) REQUIRES(may_park);
static void show(const struct swap_report *report, bool verbose)
{
    if (report->done)
        print("swapped %s %s for %s %s in %llu instructions\n", report->old, report->old_version,
              report->new, report->new_version, sum(report));
    else if (report->status == OK)
        print(
            "replacing %s %s by %s %s would patch %u sites and %u stubs, with %u tasks to look at; "
            "nothing was changed\n",
            report->old, report->old_version, report->new, report->new_version, report->sites,
            report->stubs, report->tasks);
    if (report->status != OK)
        print("swap: %s\n", report->why.text[0] ? report->why.text : status_name(report->status));
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

static enum status ask(struct command_progress *progress) REQUIRES(may_park);
static enum status ask(struct command_progress *progress)
{
    OWN(swap_request) request = {0};
    char **argv = progress->argv;
    bool dry_run = option_take(&progress->argc, argv, "--dry-run");
    struct cell_source new;
    struct why why = {0};

    progress->words[AS_JSON] = option_take(&progress->argc, argv, "--json");
    progress->words[VERBOSE] = option_take(&progress->argc, argv, "-v");
    if (!words_fit(progress->argc, argv, 3, 3) || argv[1][0] == '-' || argv[2][0] == '-')
        return end(progress, usage_error("swap"));
    if (!cell_source_find(&new, argv[2], &why) ||
        !cell_swap(&request, argv[1], new.name, new.image, new.bytes, dry_run, &why)) {
        print("swap: %s\n", why.text);
        return end(progress, 1);
    }
    request_keep(progress, &request);
    return OK;
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

static enum status step_swap(void *argument)
{
    struct command_progress *progress = argument;
    OWN(swap_request) request = {0};
    struct swap_report report;
    enum status status;
    struct json json;

    role_assert_may_park();
    if (!progress->words[REQUEST])
        return ask(progress);
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

COMMAND(swap, .step = step_swap, .usage = "swap OLD NEW [-v] [--dry-run] [--json]",
        .help = "Replaces a cell while the system runs.\n"
                "\n"
                "OLD is a loaded cell; NEW, from the boot archive, is another version of it, or\n"
                "another provider of its interface: swap sched_rr sched_mlfq. With a / NEW is a\n"
                "file of the archive: swap uart rebuilt/uart.cell. Every caller goes on with NEW,\n"
                "or nothing has changed and the reason is printed. -v shows what each phase took,\n"
                "in instructions; in hold all harts stand still, and the calls are patched.\n"
                "--dry-run prepares and counts, and changes nothing. Ctrl-C takes back a swap\n"
                "whose turn has not come, and else does not wait for its end. Status: 0 swapped\n"
                "(or a dry run that found nothing against it), 1 not swapped. swaps lists what\n"
                "was done.");

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
    print("%6s %-14s %-14s %-7s %-10s %12s %5s %5s\n", "NUMBER", "OLD", "NEW", "VERSION", "OUTCOME",
          "INSTRUCTIONS", "SITES", "TRIES");
    for (unsigned i = 0; swap_get(i, &report); i++)
        print("%6llu %-14s %-14s %-7s %-10s %12llu %5u %5u\n", (unsigned long long)report.number,
              report.old, report.new, report.new_version[0] ? report.new_version : "-",
              outcome(&report), sum(&report), report.sites, report.tries);
    return 0;
}

COMMAND(swaps, .run = run_swaps, .usage = "swaps [--json]",
        .help = "Lists the last swaps, the newest first.\n"
                "\n"
                "INSTRUCTIONS is what each took from the request's turn to the end, SITES the\n"
                "places patched, TRIES how often all harts were stopped for it. --json tells all\n"
                "that swap -v does, and why one was refused.");
