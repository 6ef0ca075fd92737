/* Step 1: the library cell. */
#include "tally.h"

#include "lab_check.h"
#include "rubric.h"

/* Loads the library, and adds @p count of @p numbers. */
static bool add(struct check_run *run, const uint64_t *numbers, unsigned count) REQUIRES(may_park);
static bool add(struct check_run *run, const uint64_t *numbers, unsigned count)
{
    if (!lab_load(run, "tally"))
        return false;
    for (unsigned i = 0; i < count; i++) {
        enum status status = LAB_CALL(tally_add)(numbers[i]);

        if (!NEEDED(run, status == OK, "tally_add(%lu) says \"%s\", not \"%s\"", numbers[i], status_name(status),
                    status_name(OK)))
            return false;
    }
    return true;
}

LAB_CHECK(tally_counts)
{
    static const uint64_t numbers[] = {3, 900, 7, 0, TALLY_LARGEST, 7};
    uint64_t count, largest;

    if (!add(run, numbers, 3))
        return;
    count = LAB_CALL(tally_count)();
    largest = LAB_CALL(tally_largest)();
    AWARD(run, 5, count == 3, "after 3, 900 and 7 tally_count() is %lu, not 3", count);
    AWARD(run, 5, largest == 900, "after 3, 900 and 7 tally_largest() is %lu, not 900", largest);
    for (unsigned i = 3; i < sizeof numbers / sizeof numbers[0]; i++) {
        enum status status = LAB_CALL(tally_add)(numbers[i]);

        if (!NEEDED(run, status == OK, "tally_add(%lu) says \"%s\"", numbers[i], status_name(status)))
            return;
    }
    count = LAB_CALL(tally_count)();
    largest = LAB_CALL(tally_largest)();
    AWARD(run, 5, count == 6, "after three more, one of them twice, tally_count() is %lu, not 6", count);
    AWARD(run, 5, largest == TALLY_LARGEST, "after %u, the largest that is allowed, tally_largest() is %lu",
          TALLY_LARGEST, largest);
}

LAB_CHECK(tally_mean)
{
    static const uint64_t numbers[] = {1, 2, 2};
    uint64_t empty, mean;

    if (!lab_load(run, "tally"))
        return;
    empty = LAB_CALL(tally_mean)();
    for (unsigned i = 0; i < 3; i++) {
        if (!NEEDED(run, LAB_CALL(tally_add)(numbers[i]) == OK, "tally_add(%lu) is refused", numbers[i]))
            return;
    }
    mean = LAB_CALL(tally_mean)();
    if (AWARD(run, 5, mean == 1, "the mean of 1, 2 and 2, rounded down, is 1; tally_mean() says %lu", mean))
        AWARD(run, 5, empty == 0, "of no numbers tally_mean() says %lu, not 0", empty);
}

LAB_CHECK(tally_refuses)
{
    static const uint64_t numbers[] = {5, 6};
    enum status status;

    if (!add(run, numbers, 2))
        return;
    status = LAB_CALL(tally_add)(TALLY_LARGEST + 1ul);
    if (!AWARD(run, 5, status == ERR_INVALID, "tally_add(%lu) says \"%s\", not \"%s\" (ERR_INVALID)",
               TALLY_LARGEST + 1ul, status_name(status), status_name(ERR_INVALID)))
        return;
    status = LAB_CALL(tally_add)(UINT64_MAX);
    AWARD(run, 5,
          status == ERR_INVALID && LAB_CALL(tally_count)() == 2 && LAB_CALL(tally_largest)() == 6 && LAB_CALL(tally_mean)() == 5,
          "a number that was refused has changed something: count %lu, largest %lu, mean %lu instead of 2, 6, 5",
          LAB_CALL(tally_count)(), LAB_CALL(tally_largest)(), LAB_CALL(tally_mean)());
}
