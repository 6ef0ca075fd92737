/* A cell with a state and a kind that is loaded and unloaded while others look at all states and kinds. */
#include "cell.h"
#include "nucleus/heap.h"

struct visitor_state {
    struct kind *visits;
    void *visit;
};
CELL_STATE(struct visitor_state);

struct visit {
    uint64_t words[4];
};
KIND(visit, "visit", struct visit);

static enum status init(enum cell_reason reason)
{
    enum status status = OK;

    if (reason != REASON_SWAP)
        status = kind_create(&state.visits, &kind_visit);
    return status;
}

static enum status start(enum cell_reason reason)
{
    if (reason != REASON_SWAP)
        state.visit = heap_alloc(state.visits);
    return state.visit ? OK : ERR_NOMEM;
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    heap_free(state.visits, state.visit);
    return OK;
}

CELL(.name = "visitor", .version = "1.0", .summary = "Comes and goes, for tests of looks at memory",
     .init = init, .start = start, .stop = stop);
