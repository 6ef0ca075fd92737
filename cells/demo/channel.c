/* `demo channel`: while eight tasks send and eight receive, chan_async and chan_sync take turns. */
#include "clock.h"
#include "console.h"
#include "demo.h"
#include "inspect.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"

#define BETWEEN_NS (100 * MS) /* swaps, for a person */
#define PATIENCE_TURNS 100u
#define BETWEEN_LETTERS 64u   /* so many come between two swaps at least */

/* The cell that provides channels now. */
static bool provider_now(char name[CELL_NAME_ROOM])
{
    struct cell_info cell;

    for (unsigned i = 0; cell_get(i, &cell); i++)
        if (strcmp(cell.provides, "channel") == 0)
            return string_copy(name, CELL_NAME_ROOM, cell.name);
    return false;
}

/* Waits until @p letters more have come. @return false: they do not. */
static bool wait_for_mail(const struct mail *mail, unsigned letters) REQUIRES(may_park);
static bool wait_for_mail(const struct mail *mail, unsigned letters)
{
    uint64_t limit = clock_now_ns() + PATIENCE_NS, wanted = mail_received(mail) + letters;

    while (mail_received(mail) < wanted && clock_now_ns() < limit)
        task_yield();
    return mail_received(mail) >= wanted;
}

/* One swap, and what comes of it. @return false: something is wrong, and has been said. */
static bool act(const struct mail *mail, unsigned number, uint64_t *longest) REQUIRES(may_park);
static bool act(const struct mail *mail, unsigned number, uint64_t *longest)
{
    struct swap_report report;
    struct mail_sum before;
    char old[CELL_NAME_ROOM];

    memset(&report, 0, sizeof report);
    if (!provider_now(old)) {
        print("demo: no cell provides channel\n");
        return false;
    }
    mail_sum(mail, &before);
    for (unsigned i = 0; i < PATIENCE_TURNS && before.lost == 0; i++) {
        task_yield(); /* until there is mail on its way */
        mail_sum(mail, &before);
    }
    if (!swap_once(old, strcmp(old, "chan_async") == 0 ? "chan_sync" : "chan_async", &report)) {
        print("demo: swap %u failed: %s\n", number,
              report.why.text[0] ? report.why.text : status_name(report.status));
        return false;
    }
    if (report.pause > *longest)
        *longest = report.pause;
    print("swap %u: %s to %s, harts held for %lu instructions; %u messages were on their way\n", number,
          report.cells[0].old, report.cells[0].new, report.pause, before.lost);
    if (wait_for_mail(mail, BETWEEN_LETTERS))
        return true;
    print("demo: messages stand still (see tasks)\n");
    return false;
}

bool demo_channel(struct mail *mail, unsigned swaps, bool pause)
{
    struct mail_sum sum;
    uint64_t longest = 0;
    unsigned done = 0;
    bool good;

    if (!mail_begin(mail)) {
        print("demo: no memory for %u tasks\n", 2 * MAIL_SIDE);
        return false;
    }
    good = wait_for_mail(mail, BETWEEN_LETTERS);
    while (good && done < swaps && !task_cancelled()) {
        good = act(mail, done + 1, &longest);
        done += good;
        if (good && pause)
            clock_sleep(BETWEEN_NS);
    }
    mail_end(mail);
    mail_sum(mail, &sum);
    print("%u swaps of the channels; harts held for at most %lu instructions; %lu messages sent, %lu received; "
          "%u lost, %u doubled, %u out of order\n",
          done, longest, sum.sent, sum.received, sum.lost, sum.doubled, sum.disordered);
    return good && sum.sent == sum.received && sum.lost + sum.doubled + sum.disordered == 0;
}
