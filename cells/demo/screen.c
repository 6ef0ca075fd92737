/* The table on the terminal, by control sequences of ECMA-48 (8.3): CUP, ED, EL; and of the VT220: cursor
 * off and on. It is drawn over itself, so nothing flickers. */
#include "screen.h"
#include "console.h"

#define NS_PER_SECOND 1000000000ul
#define BAR_COLUMNS 20u
#define LINE_END "\x1b[K\n"

static const char duties[][10] = {"computes", "yields", "sleeps"};

void screen_open(void)
{
    print("\x1b[2J\x1b[?25l");
}

void screen_close(void)
{
    print("\x1b[?25h\n");
}

static uint64_t progress_of(const struct member *member)
{
    return member_rounds(member) - member->seen;
}

/* The most that one of the same duty got done: a full bar. */
static uint64_t most_of(const struct crew *crew, enum duty duty)
{
    uint64_t most = 1;

    for (unsigned i = 0; i < CREW_COUNT; i++) {
        const struct member *member = &crew->members[i];

        if (member->duty == duty && progress_of(member) > most)
            most = progress_of(member);
    }
    return most;
}

static void draw_member(const struct crew *crew, const struct member *member, uint64_t ns)
    REQUIRES(may_park);
static void draw_member(const struct crew *crew, const struct member *member, uint64_t ns)
{
    static const char bar[] = "####################";
    uint64_t progress = progress_of(member);
    uint64_t length = progress * BAR_COLUMNS / most_of(crew, member->duty);
    char delay[24] = "-";

    if (member->duty == DUTY_SLEEP)
        format(delay, sizeof delay, "%lu", member_delay(member) / 1000);
    print("%6lu  %-9s %4u %12lu %9s  %-*.*s" LINE_END, member->task.task->number,
          duties[member->duty], member->task.task->hart, progress * NS_PER_SECOND / ns, delay,
          (int)BAR_COLUMNS, (int)(length < BAR_COLUMNS ? length : BAR_COLUMNS), bar);
}

void screen_draw(const struct show *show, struct crew *crew, uint64_t ns)
{
    print("\x1b[HMitos: the scheduler is replaced while %u tasks run" LINE_END LINE_END,
          CREW_COUNT);
    print("scheduler   %s" LINE_END, show->scheduler);
    print("swaps       %u of %u" LINE_END, show->done, show->wanted);
    print("harts held  %llu instructions in the last swap, %llu at most" LINE_END, show->pause,
          show->longest_pause);
    print("delay       %lu us around the last swap, %lu us at most" LINE_END LINE_END,
          show->delay_ns / 1000, show->longest_delay_ns / 1000);
    print("%6s  %-9s %4s %12s %9s  %s" LINE_END, "TASK", "DOES", "HART", "ROUNDS/S", "LATE/us",
          "PROGRESS");
    for (unsigned i = 0; i < CREW_COUNT; i++)
        draw_member(crew, &crew->members[i], ns);
    print(LINE_END "Ctrl-C ends it." LINE_END);
}
