/* A cell whose init() ends in a jump to the nucleus, as GCC makes it of a call that comes last. */
#include "cell.h"
#include "nucleus/heap.h"

struct jumper_state {
    struct kind *things;
};
CELL_STATE(struct jumper_state);

static enum status jumper_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    return kind_create(&state.things, "thing of jumper", 64, 8);
}

CELL(.name = "jumper", .version = "1.0", .summary = "Makes a kind: for tests of the loader",
     .init = jumper_init);
