/* What the cells dep_a to dep_e have in common: they tell the log when they are called. */
#ifndef DEP_H
#define DEP_H

#include "cell.h"
#include "load_cells.h"
#include "nucleus/log.h"

/* Defines the entry points of cell @p name, and its manifest. */
#define DEP_CELL(cell, text)                                                                       \
    static enum status cell##_init(enum cell_reason reason)                                        \
    {                                                                                              \
        (void)reason;                                                                              \
        log_write("load_cells: " #cell " init");                                                   \
        return OK;                                                                                 \
    }                                                                                              \
    static enum status cell##_start(enum cell_reason reason)                                       \
    {                                                                                              \
        (void)reason;                                                                              \
        log_write("load_cells: " #cell " start");                                                  \
        return OK;                                                                                 \
    }                                                                                              \
    static enum status cell##_stop(enum cell_reason reason)                                        \
    {                                                                                              \
        (void)reason;                                                                              \
        log_write("load_cells: " #cell " stop");                                                   \
        return OK;                                                                                 \
    }                                                                                              \
    CELL(.name = #cell, .version = "1.0", .summary = text, .init = cell##_init,                    \
         .start = cell##_start, .stop = cell##_stop)

#endif
