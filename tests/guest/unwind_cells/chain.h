/* What the cells chain_a to chain_e have in common. */
#ifndef CHAIN_H
#define CHAIN_H

#include "cell.h"
#include "unwind_cells.h"

/* Defines the function of cell @p name, which holds token @p letter while it calls @p next. */
#define CHAIN_CELL(name_, letter, next)                                                            \
    EXPORT uint64_t name_(struct passage *passage)                                                 \
    {                                                                                              \
        OWN(token) held = {0};                                                                     \
        uint64_t result = 0;                                                                       \
                                                                                                   \
        if (!token_take(&held, letter))                                                            \
            return 0;                                                                              \
        if (passage->left-- == 0)                                                                  \
            result = passage->end(passage->argument);                                              \
        else                                                                                       \
            result = next(passage) + 1;                                                            \
        token_drop(&held);                                                                         \
        return result;                                                                             \
    }                                                                                              \
    CELL(.name = #name_, .version = "1.0", .summary = "A link of a chain of calls, for tests.")

#endif
