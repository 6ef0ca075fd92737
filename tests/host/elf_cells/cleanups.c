/* Cleanups (unwind tables with landing pads), state, a manifest and contributions to sets. */
#include "cell.h"
#include "shapes.h"

struct counters {
    long calls, drops;
    void *last;
};

CELL_STATE(struct counters);

static void drop(void **thing)
{
    if (*thing)
        shape_give(*thing);
    state.drops++;
    *thing = 0;
}

EXPORT int shape_clean(int depth)
{
    __attribute__((cleanup(drop))) void *outer = shape_take(depth);

    state.calls++;
    if (depth > 3) {
        __attribute__((cleanup(drop))) void *inner = shape_take(depth + 1);

        if (!inner)
            return shape_import(depth);
        state.last = inner;
        shape_note("inner");
        depth = shape_clean(depth / 2);
    }
    return depth + shape_switch(depth, 2);
}

EXPORT int shape_clean_loop(int count)
{
    int sum = 0;

    for (int i = 0; i < count; i++) {
        __attribute__((cleanup(drop))) void *each = shape_take(i);

        if (!each)
            continue;
        if (shape_import(i) < 0)
            break;
        sum += shape_long(i);
    }
    return sum;
}

static enum status init(enum cell_reason reason)
{
    state.calls = reason;
    return OK;
}

static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return state.last ? ERR_BUSY : OK;
}

CELL(.name = "shapes", .version = "1.2", .summary = "All that is relocated.",
     .provides = "shape other_2", .init = init, .stop = stop);

struct thing {
    const char *name;
    int (*run)(int);
};

CELL_SET_ENTRY(thing, struct thing, first) = {"first", shape_clean};
CELL_SET_ENTRY(thing, struct thing, second) = {"second", shape_import};
CELL_SET_ENTRY(other, struct thing, third) = {"third", 0};
