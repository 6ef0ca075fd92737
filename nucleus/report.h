/* Fault reports, for people: what happened, where, to whom. */
#ifndef NUCLEUS_REPORT_H
#define NUCLEUS_REPORT_H

#include "nucleus/task.h"

/**
 * Logs and prints the report of a fault of @p task with the given registers, and keeps it in the fault log
 * (abi/nucleus/faults.h). Interrupts are off; also for a fault inside a handler, or inside this.
 */
void report_fault(const struct task *task, const struct registers *registers);
/** Keeps with the last fault of @p task what became of it ("task ended"), if the log still has it. */
void fault_outcome(const struct task *task, const char *text);
/** Stops the machine: says why, and makes QEMU exit with status 99. */
_Noreturn void machine_fail(const char *why);
/** Faults the caller: raises a breakpoint with @p text as its explanation. */
_Noreturn void fault_caller(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Where fault_caller() does that; the explanation is in a0. */
extern char software_fault[];

#endif
