/* The library of the sample lab. */
#include "cell.h"
#include "sample_tally.h"

struct tally {
    uint64_t count;
};
CELL_STATE(struct tally);

EXPORT uint64_t tally_add(uint64_t more)
{
    state.count += more;
    return state.count;
}

CELL(.name = "sample_tally", .version = "1.0", .summary = "Counts: the library of a lab for tests",
     .provides = "sample_tally");
