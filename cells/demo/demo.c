/*
 * The command `demo`: prepared demonstrations. `demo scheduler` replaces the scheduler to and fro while the
 * crew (crew.h) runs, and judges by what it sees: each swap is done, and after it every task goes on. `demo channel`
 * stands in channel.c.
 *
 * There is one demonstration at a time. Its crew, or its mail, lives in the state, so that this cell can be replaced, too,
 * once the command has ended.
 */
#include "cell.h"
#include "clock.h"
#include "command.h"
#include "console.h"
#include "crew.h"
#include "demo.h"
#include "devicetree.h"
#include "inspect.h"
#include "nucleus/string.h"
#include "screen.h"
#include "text.h"

#define SWAPS_MOST 10000u
#define SWAPS_USUAL 10u
#define LOOK_NS (100 * MS)
#define LOOKS_LIVE 8u           /* between two swaps, for a person to follow */

struct demo_state {
    uint32_t running; /* atomic */
    union {
        struct crew crew;
        struct mail mail;
    };
    struct show show;
};
CELL_STATE(struct demo_state);

/* The right to run a demonstration. */
typedef struct LINEAR("stage") stage {
    uint32_t *taken;
} stage;

/* Unchecked, all three: they make and end the handle. */
static bool stage_take(stage *self) TRY_MAKES(*self);
static bool stage_take(stage *self) UNCHECKED
{
    if (__atomic_exchange_n(&state.running, 1, __ATOMIC_ACQUIRE))
        return false;
    self->taken = &state.running;
    return true;
}

static void stage_leave(stage *self) TAKES(*self) UNCHECKED
{
    __atomic_store_n(self->taken, 0, __ATOMIC_RELEASE);
    self->taken = NULL;
}

static void stage_unwind(stage *self) UNCHECKED
{
    if (self->taken)
        stage_leave(self);
}

/* The name of the cell that schedules now; it may be neither of the two that take turns. */
static void scheduler_now(char name[CELL_NAME_ROOM])
{
    struct hook_info hook;

    name[0] = '\0';
    for (unsigned i = 0; hook_get(i, &hook); i++)
        if (strcmp(hook.name, "sched_pick") == 0 && hook.bound_to[0])
            (void)string_copy(name, CELL_NAME_ROOM, hook.bound_to);
}

/* Whether somebody looks on: the commands of `run=` print to a file or a tool. */
static bool is_headless(void)
{
    const char *arguments = machine_bootargs();

    return string_starts(arguments, "run=") || strstr(arguments, " run=");
}

/* Waits until every task has gone on since the last look. @return how many have not. */
static unsigned wait_for_crew(void) REQUIRES(may_park);
static unsigned wait_for_crew(void)
{
    uint64_t limit = clock_now_ns() + PATIENCE_NS;

    while (crew_moved(&state.crew) < CREW_COUNT && clock_now_ns() < limit)
        clock_sleep(MS);
    return CREW_COUNT - crew_moved(&state.crew);
}

bool swap_once(const char *old, const char *new, struct swap_report *report)
{
    OWN(swap_request) request = {0};

    if (!cell_swap(&request, old, new, NULL, 0, false, &report->why))
        return false;
    return swap_wait(&request, report) == OK && report->status == OK;
}

static unsigned long long pause_of(const struct swap_report *report)
{
    return report->pause;
}

/* Looks on for a while. @return false: Ctrl-C was pressed. */
static bool watch_crew(struct show *show) REQUIRES(may_park);
static bool watch_crew(struct show *show)
{
    for (unsigned i = 0; i < (show->live ? LOOKS_LIVE : 1); i++) {
        uint64_t start = clock_now_ns();

        crew_look(&state.crew);
        clock_sleep(LOOK_NS);
        if (show->live)
            screen_draw(show, &state.crew, clock_now_ns() - start);
        if (task_cancelled())
            return false;
    }
    return true;
}

/* A swap and what comes of it. @return false: something is wrong, and has been said. */
static bool act(struct show *show) REQUIRES(may_park);
static bool act(struct show *show)
{
    struct swap_report report;
    char old[CELL_NAME_ROOM];
    unsigned still;

    memset(&report, 0, sizeof report);
    (void)crew_take_delay(&state.crew);
    crew_look(&state.crew);
    scheduler_now(old);
    if (!swap_once(old, strcmp(old, "sched_rr") == 0 ? "sched_mlfq" : "sched_rr", &report)) {
        print("demo: swap %u failed: %s\n", show->done + 1,
              report.why.text[0] ? report.why.text : status_name(report.status));
        return false;
    }
    still = wait_for_crew();
    show->done++;
    show->pause = pause_of(&report);
    show->delay_ns = crew_take_delay(&state.crew);
    (void)string_copy(show->scheduler, sizeof show->scheduler, report.cells[0].new);
    if (show->pause > show->longest_pause)
        show->longest_pause = show->pause;
    if (show->delay_ns > show->longest_delay_ns)
        show->longest_delay_ns = show->delay_ns;
    if (!show->live)
        print("swap %u: %s to %s, harts held for %llu instructions, longest delay %llu us; "
              "%u of %u tasks went on\n",
              show->done, report.cells[0].old, report.cells[0].new, show->pause,
              (unsigned long long)show->delay_ns / 1000, CREW_COUNT - still, CREW_COUNT);
    if (still)
        print("demo: %u tasks stand still (see tasks)\n", still);
    return still == 0;
}

static bool perform(struct show *show) REQUIRES(may_park);
static bool perform(struct show *show)
{
    bool good = true;

    if (show->live)
        screen_open();
    while (good && show->done < show->wanted && watch_crew(show))
        good = act(show);
    if (good && show->done == show->wanted)
        (void)watch_crew(show);
    if (show->live)
        screen_close();
    print("%u swaps of the scheduler; harts held for at most %llu instructions; "
          "longest delay of a sleeping task %llu us\n",
          show->done, show->longest_pause, (unsigned long long)show->longest_delay_ns / 1000);
    return good;
}

static bool demo_scheduler(unsigned swaps, bool live) REQUIRES(may_park);
static bool demo_scheduler(unsigned swaps, bool live)
{
    struct show *show = &state.show;
    bool good;

    *show = (struct show){.wanted = swaps, .live = live};
    scheduler_now(show->scheduler);
    if (!crew_start(&state.crew)) {
        print("demo: no memory for %u tasks\n", CREW_COUNT);
        return false;
    }
    good = perform(show);
    crew_end(&state.crew);
    return good;
}

static int usage(void) REQUIRES(may_park);
static int usage(void)
{
    print("usage: demo scheduler|channel [SWAPS] [--auto]\n");
    return 2;
}

static int demo(int argc, char **argv)
{
    OWN(stage) claim = {0};
    bool plain = argc > 2 && strcmp(argv[argc - 1], "--auto") == 0, live, good;
    uint64_t swaps = SWAPS_USUAL;

    role_assert_may_park();
    argc -= plain;
    if (argc < 2 || argc > 3 || (strcmp(argv[1], "scheduler") != 0 && strcmp(argv[1], "channel") != 0) ||
        (argc == 3 && (!string_to_u64(argv[2], &swaps) || swaps == 0 || swaps > SWAPS_MOST)))
        return usage();
    if (!stage_take(&claim)) {
        print("demo: a demonstration is running already\n");
        return 1;
    }
    live = !plain && !is_headless();
    if (strcmp(argv[1], "scheduler") == 0)
        good = demo_scheduler((unsigned)swaps, live);
    else
        good = demo_channel(&state.mail, (unsigned)swaps, live);
    stage_leave(&claim);
    return good ? 0 : 1;
}

COMMAND(demo, .usage = "demo scheduler|channel [SWAPS] [--auto]",
        .help = "Shows how a cell is replaced while tasks use it.\n"
                "\n"
                "scheduler: twelve tasks compute, yield and sleep; sched_rr and sched_mlfq take\n"
                "turns. Shown are what the tasks get done, how late sleepers are woken, and for how\n"
                "many instructions all harts were held. Live on a terminal; in plain lines with\n"
                "--auto, and without a terminal.\n"
                "channel: eight tasks send messages and eight receive them; chan_async and\n"
                "chan_sync take turns, with messages on their way. In the end it says how many were\n"
                "lost, doubled, and out of order. With --auto, and without a terminal, there is no\n"
                "pause between two swaps.\n"
                "\n"
                "SWAPS swaps are done, 10 unless given. Ctrl-C ends it.\n"
                "Status: 0 every swap was done, and every task went on or all messages came, else 1.",
        .run = demo);

static enum status demo_stop(enum cell_reason reason)
{
    (void)reason;
    return __atomic_load_n(&state.running, __ATOMIC_ACQUIRE) ? ERR_BUSY : OK;
}

CELL(.name = "demo", .version = "1.0",
     .summary = "Demonstrations: the scheduler, or the channels, are replaced while tasks use them", .stop = demo_stop);
