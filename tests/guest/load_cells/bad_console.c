/* A cell whose console faults from start() on, and whose start() faults: so does the report of that. */
#include "cell.h"
#include "console.h"

struct bad_console_state {
    volatile uint64_t *volatile to; /* NULL: the console does nothing */
};
CELL_STATE(struct bad_console_state);

EXPORT void console_emergency(const char *text, size_t bytes)
{
    (void)text;
    if (state.to)
        *state.to = bytes;
}

static enum status bad_console_start(enum cell_reason reason)
{
    state.to = (volatile uint64_t *)16;
    *state.to = reason;
    return OK;
}

CELL(.name = "bad_console", .version = "1.0", .summary = "Faults in reports: for tests of these",
     .start = bad_console_start);
