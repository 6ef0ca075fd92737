/* Step 3: the next version of the library. */
#include "inspect.h"
#include "lab_check.h"
#include "nucleus/string.h"
#include "rubric.h"
#include "tally.h"

/* Version 1.0 with the numbers 1, 2 and 5; then version 1.1 in its place. */
static bool begin(struct check_run *run, uint64_t *mean_before) REQUIRES(may_park);
static bool begin(struct check_run *run, uint64_t *mean_before)
{
    struct cell_info cell;

    if (!lab_load(run, "tally"))
        return false;
    for (uint64_t number = 1; number <= 5; number += number == 1 ? 1 : 3) {
        if (!NEEDED(run, LAB_CALL(tally_add)(number) == OK, "version 1.0: tally_add(%lu) is refused", number))
            return false;
    }
    *mean_before = LAB_CALL(tally_mean)();
    if (!lab_swap(run, "tally", "next/tally.cell"))
        return false;
    return NEEDED(run, cell_find("tally", &cell) && strcmp(cell.version, "1.1") == 0,
                  "tally_next.c says that it is version %s, not 1.1", cell.version);
}

LAB_CHECK(next_keeps)
{
    uint64_t unused, count, largest;

    if (!begin(run, &unused))
        return;
    count = LAB_CALL(tally_count)();
    largest = LAB_CALL(tally_largest)();
    if (!AWARD(run, 5, count == 3 && largest == 5,
               "version 1.0 knew 3 numbers, the largest 5; after the swap version 1.1 knows %lu, the largest %lu",
               count, largest))
        return;
    if (!NEEDED(run, LAB_CALL(tally_add)(8) == OK, "version 1.1: tally_add(8) is refused"))
        return;
    count = LAB_CALL(tally_count)();
    largest = LAB_CALL(tally_largest)();
    AWARD(run, 5, count == 4 && largest == 8, "after one more, 8, version 1.1 knows %lu, the largest %lu", count,
          largest);
}

LAB_CHECK(next_rounds)
{
    uint64_t before, after;

    if (!begin(run, &before))
        return;
    after = LAB_CALL(tally_mean)();
    AWARD(run, 5, before == 2 && after == 3,
          "the mean of 1, 2 and 5 is 2 in version 1.0 and 3 in version 1.1; it was %lu and is %lu", before, after);
    if (before != 2 || after != 3)
        return;
    if (!NEEDED(run, LAB_CALL(tally_add)(2) == OK, "version 1.1: tally_add(2) is refused"))
        return;
    after = LAB_CALL(tally_mean)();
    AWARD(run, 5, after == 3, "the mean of 1, 2, 5 and 2 is 2.5, and a half is rounded up; it is %lu", after);
}
