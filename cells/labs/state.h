/* What the files of this cell share. */
#ifndef LABS_STATE_H
#define LABS_STATE_H

#include "lab.h"
#include "nucleus/cells.h"
#include "nucleus/spinlock.h"
#include "task.h"

#define OUTPUT_ROOM 8192u /* of what lab cells print in one check; the rest is counted only */
#define RESULTS_MOST 128u

/** What a check reports to. There is one: a task that a check left behind may report late. */
struct check_run {
    struct spinlock lock;
    /* lock guards: */
    uint32_t points;
    uint32_t used;                    /* bytes of text */
    char text[LAB_MESSAGES_ROOM];
};

/** What lab cells print. */
struct output {
    struct spinlock lock;
    /* lock guards: */
    bool kept; /* a check runs: it goes to text; else to the console */
    uint64_t printed, used;
    char text[OUTPUT_ROOM];
    char cell[CELL_NAME_ROOM]; /* whose line is begun on the console; "": none */
    size_t length, sent;       /* of line: what is on its way to the console */
    char line[256];
};

/** The points of a check that was run. */
struct past_result {
    uint32_t lab, points;
    char name[LAB_NAME_ROOM]; /* "": none, and none follow */
};

/** The hint that `hint` shows next. */
struct hint_place {
    uint32_t lab, step, next;
};

struct HOLDS labs_state {
    uint32_t busy;   /* a check runs, or its result was not taken; atomic */
    uint64_t number; /* of its run */
    struct lab_check check;
    uint64_t faults;  /* that were reported before it */
    task_handle task; /* from check_begin() until check_step() says OK, or check_drop() */
    struct check_run run;
    struct output output;
    struct past_result results[RESULTS_MOST];
    struct hint_place hint;
};
struct labs_state *labs_state(void);

/** output.c: from now on what lab cells print is kept, beginning with nothing; or goes to the console. */
void output_keep(bool kept);

/** run.c: explains in @p result how the fault ended the check. */
void explain_fault(struct check_result *result, uint64_t task);

/** results.c: the points of a check, as it was run last. @return false: it was not run. */
bool result_find(uint32_t lab, const char *name, uint32_t *points);
void result_keep(const struct check_result *result, uint32_t lab);

#endif
