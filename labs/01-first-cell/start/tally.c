/* Lab 1, step 1: the library cell. interfaces/tally.h says what each function has to do. */
#include "cell.h"
#include "tally.h"

struct tally_state {
    uint64_t unused; /* what has to be known of the numbers; it is all zero when the cell is loaded */
};
CELL_STATE(struct tally_state);

EXPORT enum status tally_add(uint64_t number)
{
    (void)number;
    return ERR_UNSUPPORTED;
}

EXPORT uint64_t tally_count(void)
{
    return state.unused;
}

EXPORT uint64_t tally_largest(void)
{
    return 0;
}

EXPORT uint64_t tally_mean(void)
{
    return 0;
}

CELL(.name = "tally", .version = "1.0", .summary = "Keeps count, mean and largest of numbers",
     .provides = "tally");
