/* Faults on purpose, on every hart, with a look at the reports; and groups of tasks. */
#ifndef VM_TESTS_PROBE_H
#define VM_TESTS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/hart.h"
#include "task.h"
#include "test.h"

/** One way to fault. */
struct probe {
    const char *what;              /* for messages: "store to own text" */
    void (*act)(uint64_t address); /* must fault and not return */
    uint64_t address;              /* its argument */
    const char *report;            /* text of the report's first line, behind "fault: " */
    const char *place;             /* text of the report's second line: "(vm_tests:act_store+" */
};

/**
 * Runs @p probe in a task on each hart, all at the same time, and checks that each task ended with
 * ERR_FAULT, that the log holds a right report for each, and that these came from all harts.
 */
void expect_fault(struct test_run *t, const struct probe *probe) REQUIRES(may_park);

/** The acts. A fault's pc lies in them, or they are the caller. */
void act_store(uint64_t address);
void act_load(uint64_t address);
void act_call(uint64_t address);

/** Up to MAX_HARTS tasks. Zero it first. */
struct HOLDS group {
    task_handle tasks[MAX_HARTS]; /* group_join() gives them up */
    unsigned count;
    enum status status[MAX_HARTS]; /* how they ended, from group_join() on */
    int result[MAX_HARTS];
};

/** Adds a task named @p name and its number in the group. @return false: no memory. */
bool group_add(struct group *group, const char *name, int (*entry)(void *), void *argument);
/** Waits for all tasks of the group. */
void group_join(struct group *group) REQUIRES(may_park);
/** Counts the caller in and spins until @p count have come, so all of them run at the same time. */
void meet(uint32_t *counter, unsigned count);

#endif
