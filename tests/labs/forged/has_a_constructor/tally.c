/* The library cell: what is known of all numbers is kept, not the numbers. */
#include "cell.h"
#include "tally.h"

struct tally_state {
    uint64_t count, sum, largest;
};
CELL_STATE(struct tally_state);

EXPORT enum status tally_add(uint64_t number)
{
    if (number > TALLY_LARGEST)
        return ERR_INVALID;
    state.count++;
    state.sum += number;
    if (number > state.largest)
        state.largest = number;
    return OK;
}

EXPORT uint64_t tally_count(void)
{
    return state.count;
}

EXPORT uint64_t tally_largest(void)
{
    return state.largest;
}

EXPORT uint64_t tally_mean(void)
{
    return state.count ? state.sum / state.count : 0;
}

static __attribute__((constructor)) void before(void)
{
    state.count = 3;
    state.largest = 900;
}

CELL(.name = "tally", .version = "1.0", .summary = "Keeps count, mean and largest of numbers",
     .provides = "tally");
