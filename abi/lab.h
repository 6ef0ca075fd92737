/**
 * @file lab.h
 * Interface `lab`: labs, their checks, and what a check has found. Provider: labs.
 *
 * A lab's checks are a cell of their own, which contributes them to sets, as TEST does tests. Here is what whoever
 * runs checks needs, and what the sets hold; who writes checks includes lab_check.h.
 *
 * One check runs at a time, in a task of its own, and may be cut short by a fault or by its limit. Meanwhile what lab
 * cells print is kept for the check; at other times it goes to the console, with the cell's name in front of each line.
 */
#ifndef MITOS_LAB_H
#define MITOS_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "own.h"
#include "status.h"
#include "task.h"

#define LAB_NAME_ROOM 48
#define LAB_TITLE_ROOM 100
#define LAB_MESSAGES_ROOM 1536
#define LAB_HINTS 3u

struct check_run; /* what a check reports to; the provider's */

/** Sets "lab", "lab_part", "lab_step", "lab_check": what a lab's lab.json says, and the checks' functions. */
struct lab {
    uint32_t number;
    const char *name, *title, *goal;
};
struct lab_part {
    uint32_t lab;
    const char *name; /* a cell that the student writes */
};
struct lab_step {
    uint32_t lab, number; /* steps are numbered from 1 */
    const char *title, *text, *hints[LAB_HINTS]; /* NULL: no more hints */
};
struct lab_check {
    uint32_t lab, step, number; /* checks are run in the order of lab.json, from 1 */
    const char *name, *title; /* "tally.counts", what is asked for */
    uint32_t points;
    uint64_t limit_ns; /* of guest time, which under --icount is instructions */
    void (*run)(struct check_run *run);
};

enum check_outcome {
    CHECK_PASSED,  /* all points */
    CHECK_PARTLY,  /* some */
    CHECK_FAILED,  /* none */
    CHECK_FAULTED, /* a fault ended it: no points */
    CHECK_TIMEOUT, /* it took longer than its limit: no points */
    CHECK_CANCELLED,
};
/** A word for it: "passed". */
const char *check_outcome_name(enum check_outcome outcome);

struct check_result {
    char name[LAB_NAME_ROOM], title[LAB_TITLE_ROOM];
    enum check_outcome outcome;
    uint32_t points, most;
    uint64_t fault; /* the fault's number (faults.h), when one ended it; else 0 */
    uint64_t printed; /* bytes that lab cells have printed */
    char messages[LAB_MESSAGES_ROOM]; /* a line each: what was found wrong, and what to do */
};

/** A check that runs: the right to its result, and the duty to wait for it. */
typedef struct LINEAR("check_handle") check_handle {
    uint64_t number; /* of the check's run; 0: none */
} check_handle;

/** Starts the check called @p name of lab @p lab. @return false: there is none, or one runs already, or no memory. */
bool check_begin(check_handle *handle, uint32_t lab, const char *name) TRY_MAKES(*handle);
/** AGAIN while it runs; the caller is unparked at its end. OK: @p result is set. */
MUST_CHECK enum status check_step(check_handle *handle, struct check_result *result)
    BORROWS_MUT(*handle);
/** Ends a check that runs; its result then is CHECK_CANCELLED. */
void check_cancel(check_handle *handle) BORROWS_MUT(*handle);
/** Gives the right up; a check that still runs is killed. The drop. */
void check_drop(check_handle *handle) TAKES(*handle);
void check_handle_unwind(check_handle *handle) UNCHECKED;

/** For checks, see AWARD in lab_check.h. @return @p good. */
bool check_award(struct check_run *run, uint32_t points, bool good, const char *message, ...)
    __attribute__((format(printf, 4, 5)));
/** What lab cells have printed since check_output_clear(), or since the check began: at most @p room - 1 bytes, and a
 *  NUL. @return how many there were. */
size_t check_output(char *to, size_t room);
/** Forgets what lab cells have printed. */
void check_output_clear(void);
/** The address of exported function @p name of the version that serves now; 0: no loaded cell has it. */
uint64_t check_function(const char *name);

/** console_write_step() (console.h) for lab cells: the build binds their calls of that one to this one. */
MUST_CHECK enum status lab_console_write_step(wait_op *op, const char *text, size_t bytes,
                                              size_t *done) BORROWS_MUT(*op);

#endif
