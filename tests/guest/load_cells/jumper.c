/* A cell whose init() ends in a jump to the nucleus, as GCC makes it of a call that comes last. */
#include "cell.h"
#include "nucleus/heap.h"

struct jumper_state {
    struct kind *things;
};
CELL_STATE(struct jumper_state);

struct thing {
    uint8_t bytes[64];
};
KIND(thing, "thing of jumper", struct thing);

static enum status jumper_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    return kind_create(&state.things, &kind_thing);
}

CELL(.name = "jumper", .version = "1.0", .summary = "Makes a kind: for tests of the loader",
     .init = jumper_init);
