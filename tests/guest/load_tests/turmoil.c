/* Many loads, one after another and at the same time. */
#include "figures.h"
#include "image.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "task.h"

#define LOADS 1000u
#define TURNS 100u /* of a task of many */

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
    unsigned loads, busy, wrong;
    struct why why; /* of the first that is wrong */
};

static void note(struct mover *mover, enum status status, const struct why *why)
{
    if (status == ERR_BUSY) {
        mover->busy++;
    } else if (status != OK && !mover->wrong++) {
        mover->why = *why;
    }
}

/* Loads and unloads a cell again and again. Others take its providers away, or keep them: so a refusal
 * because it is in use, or loaded already, is in order. */
static int move(void *argument)
{
    struct mover *mover = argument;
    struct why why = {.text = ""};
    enum status status;

    role_assert_may_park();
    while (mover->loads < TURNS && !mover->wrong) {
        status = cell_load(mover->cell, &why);
        note(mover, status, &why);
        if (status == ERR_BUSY) {
            task_yield();
            continue;
        }
        mover->loads++;
        while ((status = cell_unload(mover->cell, &why)) == ERR_BUSY) {
            mover->busy++;
            task_yield();
        }
        note(mover, status, &why);
    }
    return 0;
}

TEST(load, loads_on_many_harts_at_once)
{
    struct mover movers[] = {{.cell = "empty"}, {.cell = "big"}, {.cell = "dep_e"}};
    OWN(task_handle) first = {0};
    OWN(task_handle) second = {0};
    struct figures before;
    int result;

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
    for (unsigned i = 0; i < 3; i++)
        CHECK(t, !movers[i].wrong && movers[i].loads == TURNS, "%s: %u loads, %u refusals, then %s",
              movers[i].cell, movers[i].loads, movers[i].busy, movers[i].why.text);
    figures_check(t, &before, "after loads at once");
}
