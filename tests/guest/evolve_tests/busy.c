/* Objects that come and go while a swap looks for them. */
#include "clock.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"
#include "task.h"
#include "versions.h"

#define LATE 9000u

struct late {
    struct crop crop;
    uint32_t inside;
};

static int make_late(void *argument)
{
    struct late *late = argument;

    role_assert_may_park();
    late->crop.count = notes_make_late(late->crop.notes, LATE, &late->inside);
    return 0;
}

/* A task is in the old version when the swap looks, and makes more notes there than memory was taken for. */
TEST(evolve, memory_for_objects_that_come_late_is_taken_again)
{
    const struct wanted wider = {.file = "wider/notes.cell"};
    OWN(task_handle) handle = {0};
    struct late late = {0};
    struct swap_report report;

    if (!notes_begin(t) || !crop_make(t, &late.crop, LATE))
        return;
    while (late.crop.count > 0)
        notes_drop(late.crop.notes[--late.crop.count]);
    if (task_spawn(&handle, "makes late", make_late, &late)) {
        while (!__atomic_load_n(&late.inside, __ATOMIC_ACQUIRE))
            task_yield();
        CHECK(t, version_swap("notes", &wider, &report) == OK && report.done, "%s", report.why.text);
        CHECK(t, task_join(&handle, NULL) == OK, "its task did not end in peace");
        CHECK(t, late.crop.count == LATE && report.objects == LATE + 1 && report.tries >= 3, "%u objects, %u tries",
              report.objects, report.tries);
    }
    crop_check(t, &late.crop);
    crop_drop(&late.crop);
    notes_begin(t);
}

#define GROWERS 8u
#define ROUND 200u

struct HOLDS grower {
    task_handle task; /* the test joins it */
    uint32_t *stop;
    uint64_t rounds, wrong;
};

/* Outside of the cell: who computes without that is inside whenever a swap looks, where the emulator is slow. */
static void yield_at_times(unsigned i) REQUIRES(may_park);
static void yield_at_times(unsigned i)
{
    if (i % 8 == 0)
        task_yield();
}

/* Makes notes, looks at them and drops them, whatever version serves. */
static int grow(void *argument)
{
    struct grower *grower = argument;
    struct note *notes[ROUND];

    role_assert_may_park();
    for (; !__atomic_load_n(grower->stop, __ATOMIC_RELAXED); grower->rounds++) {
        for (unsigned i = 0; i < ROUND; i++) {
            notes[i] = notes_make(i);
            yield_at_times(i);
        }
        for (unsigned i = 0; i < ROUND; i++) {
            yield_at_times(i);
            grower->wrong += notes[i] && notes_value(notes[i]) != i;
            if (notes[i])
                notes_drop(notes[i]);
        }
    }
    return 0;
}

/* Unchecked: clang cannot follow handles in an array. */
TEST(evolve, objects_come_and_go_on_all_harts_meanwhile) UNCHECKED
{
    static const char *const files[] = {"wider/notes.cell", "split/notes.cell", "notes.cell"};
    struct grower growers[GROWERS] = {0};
    uint32_t stop = 0;
    unsigned started = 0;
    struct crop crop;

    if (!notes_begin(t) || !crop_make(t, &crop, 1000))
        return;
    for (; started < GROWERS; started++) {
        growers[started].stop = &stop;
        if (!CHECK(t, task_spawn(&growers[started].task, "grower", grow, &growers[started]), "no memory"))
            break;
    }
    for (unsigned i = 0; i < 12 && version_take(t, "notes", files[i % 3]); i++)
        crop_check(t, &crop);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < started; i++) {
        CHECK(t, task_join(&growers[i].task, NULL) == OK, "grower %u was ended by a fault", i);
        CHECK(t, growers[i].rounds > 0 && growers[i].wrong == 0, "grower %u: %lu rounds, %lu wrong", i,
              growers[i].rounds, growers[i].wrong);
    }
    crop_check(t, &crop);
    crop_drop(&crop);
    notes_begin(t);
}
