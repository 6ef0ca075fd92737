/* Tasks that put values into a tray (trays.h). */
#include "trays.h"

#include "clock.h"
#include "nucleus/hart.h"

#define HASTE 2000u /* so many values at most, as they must be migrated */
#define CALM_NS 100000u
#define WAIT_MS 20000u

bool tray_begin(struct test_run *t)
{
    struct tray_sums sums;

    if (tray_version() == 4) /* it knows no way to the first version, and the third is like it */
        version_take(t, "tray", "wide/tray.cell");
    if (tray_version() != 1 && !version_take(t, "tray", "tray.cell"))
        return false;
    tray_clear(&sums);
    return true;
}

static void note_first(struct putter *putter)
{
    uint64_t now = hart_ticks();

    if (putter->last && now - putter->last > putter->longest)
        putter->longest = now - putter->last;
    putter->last = now;
    __atomic_add_fetch(&putter->first, 1, __ATOMIC_RELEASE);
}

static int put_on(void *argument)
{
    struct putter *putter = argument;
    unsigned version;

    role_assert_may_park();
    for (uint64_t value = 1; !__atomic_load_n(&putter->stop, __ATOMIC_RELAXED); value++) {
        version = tray_put(value);
        if (!version)
            return 1;
        putter->sum += value;
        if (version == 1)
            note_first(putter);
        else
            __atomic_add_fetch(&putter->second, 1, __ATOMIC_RELEASE);
        if (putter->hasty && value < HASTE)
            task_yield();
        else
            clock_sleep(CALM_NS);
    }
    return 0;
}

/* UNCHECKED, both: the handle is the putter's between them. */
bool putter_start(struct test_run *t, struct putter *putter, bool hasty) UNCHECKED
{
    memset(putter, 0, sizeof *putter);
    putter->hasty = hasty;
    return CHECK(t, task_spawn(&putter->task, "putter", put_on, putter), "no memory");
}

void putter_stop(struct putter *putter) UNCHECKED
{
    int result = 0;

    __atomic_store_n(&putter->stop, 1, __ATOMIC_RELAXED);
    putter->end = task_join(&putter->task, &result);
    if (putter->end == OK && result)
        putter->end = ERR_NOMEM;
}

void putter_await_first(struct test_run *t, const struct putter *putter)
{
    uint64_t before = __atomic_load_n(&putter->first, __ATOMIC_ACQUIRE), now = before;

    for (unsigned ms = 0; ms < WAIT_MS && now == before; ms++) {
        clock_sleep(1000000);
        now = __atomic_load_n(&putter->first, __ATOMIC_ACQUIRE);
    }
    CHECK(t, now > before, "the first version accepts nothing; version %u serves", tray_version());
}

void tray_check(struct test_run *t, const struct putter *putters, unsigned count)
{
    uint64_t accepted = 0, sum = 0, counted = tray_count();
    struct tray_sums sums;

    for (unsigned i = 0; i < count; i++) {
        accepted += putters[i].first + putters[i].second;
        sum += putters[i].sum;
    }
    tray_clear(&sums);
    CHECK(t, counted == accepted && sums.count == accepted, "%lu accepted, %lu counted, %lu objects", accepted, counted,
          sums.count);
    CHECK(t, sums.sum == sum && sums.damaged == 0, "the sum is %lu, not %lu; %lu objects are damaged", sums.sum, sum,
          sums.damaged);
}
