/* The library cell: what is known of all numbers is kept, not the numbers. */
#include "cell.h"
#include "tally.h"

struct numbers {
    uint64_t count, sum, largest;
};
struct tally_state {
    struct numbers *numbers; /* nobody has made any */
    uint64_t unused[2];
};
CELL_STATE(struct tally_state);

EXPORT enum status tally_add(uint64_t number)
{
    if (number > TALLY_LARGEST)
        return ERR_INVALID;
    state.numbers->count++;
    state.numbers->sum += number;
    if (number > state.numbers->largest)
        state.numbers->largest = number;
    return OK;
}

EXPORT uint64_t tally_count(void)
{
    return state.numbers->count;
}

EXPORT uint64_t tally_largest(void)
{
    return state.numbers->largest;
}

EXPORT uint64_t tally_mean(void)
{
    return state.numbers->count ? state.numbers->sum / state.numbers->count : 0;
}

CELL(.name = "tally", .version = "1.0", .summary = "Keeps count, mean and largest of numbers",
     .provides = "tally");
