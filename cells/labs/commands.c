/* The commands: labs, lab, hint, check. */
#include "command.h"
#include "console.h"
#include "json.h"
#include "nucleus/string.h"
#include "show.h"
#include "state.h"
#include "text.h"


static void to_console(void *sink, const char *text, size_t bytes)
{
    (void)sink;
    role_assert_may_park();
    console_write(text, bytes);
}

/* Takes --json, which stands last, off the words. */
static bool takes_json(int *argc, char **argv)
{
    if (*argc < 2 || strcmp(argv[*argc - 1], "--json") != 0)
        return false;
    (*argc)--;
    return true;
}

static int wrong_use(const char *usage) REQUIRES(may_park);
static int wrong_use(const char *usage)
{
    print("usage: %s\n", usage);
    return 2;
}

static void labs_to_json(void) REQUIRES(may_park);
static void labs_to_json(void)
{
    struct json json;
    struct lab lab;

    json_begin(&json, to_console, NULL);
    json_array(&json, NULL);
    for (unsigned i = 0; set_get("lab", i, &lab, sizeof lab, NULL); i++) {
        struct score score;

        score_of(lab.number, 0, &score);
        json_object(&json, NULL);
        json_number(&json, "number", lab.number);
        json_text(&json, "name", lab.name);
        json_text(&json, "title", lab.title);
        json_number(&json, "points", score.points);
        json_number(&json, "most", score.most);
        json_number(&json, "checks", score.checks);
        json_number(&json, "run", score.run);
        json_end(&json);
    }
    json_end(&json);
    json_finish(&json);
}

static int run_labs(int argc, char **argv)
{
    bool as_json = takes_json(&argc, argv);
    struct lab lab;

    role_assert_may_park();
    if (argc != 1)
        return wrong_use("labs [--json]");
    labs_open();
    if (as_json) {
        labs_to_json();
        return 0;
    }
    print("%3s %-18s %7s  %s\n", "LAB", "NAME", "POINTS", "TITLE");
    for (unsigned i = 0; set_get("lab", i, &lab, sizeof lab, NULL); i++) {
        struct score score;

        score_of(lab.number, 0, &score);
        print("%3u %-18s %3u/%-3u  %s\n", lab.number, lab.name, score.points, score.most, lab.title);
    }
    print("POINTS are those of the checks that were run since the system was booted (check N)\n");
    return 0;
}

COMMAND(labs, .run = run_labs, .usage = "labs [--json]",
        .help = "Lists the labs, and the points so far.\n"
                "\n"
                "lab N shows what is to be done in one, check N runs its checks.");

static void show_steps(uint32_t number, uint32_t next) REQUIRES(may_park);
static void show_steps(uint32_t number, uint32_t next)
{
    struct lab_step step;

    for (unsigned i = 0; lab_step_get(number, i, &step); i++) {
        struct score score;

        score_of(number, step.number, &score);
        print("%s %2u %3u/%-3u  %s\n", step.number == next ? "->" : "  ", step.number, score.points,
              score.most, step.title);
    }
}

static int run_lab(int argc, char **argv)
{
    struct lab lab;
    struct lab_step next;

    role_assert_may_park();
    if (argc != 2)
        return wrong_use("lab N");
    if (!lab_open("lab", argv[1], &lab))
        return 1;
    print("lab %u: %s\n", lab.number, lab.title);
    show_text(lab.goal, 0);
    if (!lab_next_step(lab.number, &next))
        return 0;
    print("\n");
    show_steps(lab.number, next.number);
    print("\nstep %u: %s\n", next.number, next.title);
    show_text(next.text, 0);
    print("\nhint %u helps, check %u tells what works\n", lab.number, lab.number);
    return 0;
}

COMMAND(lab, .run = run_lab, .usage = "lab N",
        .help = "Shows lab N: its goal, its steps, and the next one.\n"
                "\n"
                "The next step is the first whose checks have not given all their points since\n"
                "the system was booted. The handout is labs/*/README.md.");

static int run_hint(int argc, char **argv)
{
    struct hint_place *place = &labs_state()->hint;
    struct lab lab;
    struct lab_step step;

    role_assert_may_park();
    if (argc != 2)
        return wrong_use("hint N");
    if (!lab_open("hint", argv[1], &lab) || !lab_next_step(lab.number, &step))
        return 1;
    if (place->lab != lab.number || place->step != step.number)
        *place = (struct hint_place){lab.number, step.number, 0};
    print("step %u: %s\n", step.number, step.title);
    if (place->next >= LAB_HINTS || !step.hints[place->next]) {
        print("There are no more hints for this step%s.\n",
              place->next ? "; the next call begins with the first" : "");
        place->next = 0;
        return 0;
    }
    show_text(step.hints[place->next++], 2);
    return 0;
}

COMMAND(hint, .run = run_hint, .usage = "hint N",
        .help = "Shows a hint for the next step of lab N.\n"
                "\n"
                "The next call shows a further one, up to three, and then the first again.");

/* What `check` does with each result: it prints it, or adds it to a JSON text. */
struct listing {
    bool as_json;
    struct json json;
    uint32_t points, most;
};

static void result_to_json(struct json *json, const struct check_result *result)
{
    json_object(json, NULL);
    json_text(json, "name", result->name);
    json_text(json, "title", result->title);
    json_text(json, "outcome", check_outcome_name(result->outcome));
    json_number(json, "points", result->points);
    json_number(json, "most", result->most);
    json_number(json, "printed", result->printed);
    json_text(json, "messages", result->messages);
    json_end(json);
}

static void show_result(struct listing *listing, const struct check_result *result) REQUIRES(may_park);
static void show_result(struct listing *listing, const struct check_result *result)
{
    listing->points += result->points;
    listing->most += result->most;
    if (listing->as_json) {
        result_to_json(&listing->json, result);
        return;
    }
    print("%3u/%-3u %-18s %s", result->points, result->most, result->name, result->title);
    if (result->outcome > CHECK_FAILED)
        print(" (%s)", check_outcome_name(result->outcome));
    print("\n");
    show_text(result->messages, 8);
}

/* @return false: it was cancelled, or could not be begun. */
static bool check_one(struct listing *listing, const struct lab_check *check) REQUIRES(may_park);
static bool check_one(struct listing *listing, const struct lab_check *check)
{
    OWN(check_handle) handle = {0};
    struct check_result result;
    bool passed_on = false;

    if (!check_begin(&handle, check->lab, check->name)) {
        print("check: %s cannot be run: another check runs, or there is no memory\n", check->name);
        return false;
    }
    while (check_step(&handle, &result) == AGAIN) {
        if (task_cancelled() && !passed_on) {
            passed_on = true;
            check_cancel(&handle);
        }
        task_park();
    }
    check_drop(&handle);
    show_result(listing, &result);
    return !passed_on;
}

/* @return false: it was cut short. */
static bool check_all(struct listing *listing, uint32_t lab, const char *pattern) REQUIRES(may_park);
static bool check_all(struct listing *listing, uint32_t lab, const char *pattern)
{
    struct lab_check check;

    for (unsigned i = 0; lab_check_get(lab, i, &check); i++) {
        if (string_matches(check.name, pattern) && !check_one(listing, &check))
            return false;
    }
    return true;
}

static int run_checks(const struct lab *lab, const char *pattern, bool as_json) REQUIRES(may_park);
static int run_checks(const struct lab *lab, const char *pattern, bool as_json)
{
    struct listing listing;
    bool whole;

    listing.as_json = as_json;
    listing.points = listing.most = 0;
    json_begin(&listing.json, to_console, NULL);
    if (as_json)
        json_array(&listing.json, NULL);
    whole = check_all(&listing, lab->number, pattern);
    if (as_json) {
        json_end(&listing.json);
        json_finish(&listing.json);
    } else if (listing.most == 0 && whole) {
        print("check: lab %u has no check \"%s\"; `check %u` runs all\n", lab->number, pattern, lab->number);
    } else {
        print("%3u/%-3u points%s\n", listing.points, listing.most, whole ? "" : "; not all checks were run");
    }
    return whole && listing.most > 0 && listing.points == listing.most ? 0 : 1;
}

static int run_check_command(int argc, char **argv)
{
    bool as_json = takes_json(&argc, argv);
    struct lab lab;

    role_assert_may_park();
    if (argc < 2 || argc > 3)
        return wrong_use("check N [NAME] [--json]");
    if (!lab_open("check", argv[1], &lab))
        return 1;
    return run_checks(&lab, argc == 3 ? argv[2] : "*", as_json);
}

COMMAND(check, .run = run_check_command, .usage = "check N [NAME] [--json]",
        .help = "Runs the checks of lab N, and prints points and reasons.\n"
                "\n"
                "NAME is one check, or a pattern: check 1 'tally.*'. Each begins with none of\n"
                "the lab's cells loaded, runs in a task of its own, and has a limit; a fault or\n"
                "an endless loop costs that check only. --json tells the same to tools.\n"
                "Status: 0 all points, 1 not all. ./mitos grade does the same with what is on\n"
                "the disk, from a clean tree.");

/* It stays, as all of the boot set do: with it the points of the checks would go. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "labs", .version = "1.0", .summary = "Runs the checks of labs: the commands labs, lab, hint, check",
     .provides = "lab", .stop = stop);
