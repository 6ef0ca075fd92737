/* Many loads, one after another and at the same time. */
#include "clock.h"
#include "figures.h"
#include "image.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "task.h"

#define LOADS 1000u
#define TURNS 100u       /* of each task */
#define PATIENCE 200000u /* refusals in a row */
#define PAUSE_NS 20000u

static uint64_t text_of(const char *name)
{
    struct cell_info cell;

    return cell_find(name, &cell) ? cell.text : 0;
}

TEST(load, thousand_loads_leave_no_trace)
{
    struct figures before;
    uint64_t text = 0;

    figures_take(&before);
    for (unsigned i = 0; i < LOADS; i++) {
        if (!load_good(t, "actor", NULL))
            break;
        if (i == 0)
            text = text_of("actor");
        /* Text comes first fit: were a piece of an arena lost, it would move. */
        if (!CHECK(t, text_of("actor") == text, "load %u is at 0x%lx, not 0x%lx", i,
                   text_of("actor"), text))
            break;
        unload_good(t, ACTOR_AND_ALL);
    }
    figures_check(t, &before, "after 1,000 loads");
}

/* What a task of turmoil does, and how that went. */
struct mover {
    const char *cell;
    unsigned loads, busy;
    enum status status; /* of the last one, and its explanation */
    struct why why;
};

/* One load or unload, again and again while another transaction is under way. @return false: it failed. */
static bool persist(struct mover *mover, enum status (*action)(const char *, struct why *))
    REQUIRES(may_park);
static bool persist(struct mover *mover, enum status (*action)(const char *, struct why *))
{
    enum status status = ERR_BUSY;

    for (unsigned i = 0; status == ERR_BUSY && i < PATIENCE; i++) {
        if (i) {
            mover->busy++;
            clock_sleep(PAUSE_NS);
        }
        status = action(mover->cell, &mover->why);
    }
    mover->status = status;
    return status == OK;
}

static int move(void *argument)
{
    struct mover *mover = argument;

    role_assert_may_park();
    while (mover->loads < TURNS && persist(mover, cell_load) && persist(mover, cell_unload))
        mover->loads++;
    return 0;
}

TEST(load, loads_on_many_harts_at_once)
{
    struct mover movers[3];
    OWN(task_handle) first = {0};
    OWN(task_handle) second = {0};
    struct figures before;
    int result;

    memset(movers, 0, sizeof movers);
    movers[0].cell = "empty";
    movers[1].cell = "big";
    movers[2].cell = "dep_e";
    figures_take(&before);
    if (!task_spawn(&first, "first mover", move, &movers[0])) {
        CHECK(t, false, "no memory");
        return;
    }
    if (!task_spawn(&second, "second mover", move, &movers[1])) {
        CHECK(t, false, "no memory");
        task_join(&first, &result);
        return;
    }
    (void)move(&movers[2]);
    CHECK(t, task_join(&first, &result) == OK, "the first task faulted");
    CHECK(t, task_join(&second, &result) == OK, "the second task faulted");
    CHECK(t, hart_count() == 1 || movers[0].busy + movers[1].busy + movers[2].busy,
          "no two loads met");
    for (unsigned i = 0; i < 3; i++)
        CHECK(t, movers[i].status == OK && movers[i].loads == TURNS,
              "%s: %u loads, %u refusals, then %s: %s", movers[i].cell, movers[i].loads,
              movers[i].busy, status_name(movers[i].status), movers[i].why.text);
    figures_check(t, &before, "after loads at once");
}
