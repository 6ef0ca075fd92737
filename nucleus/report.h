/* What is said of faults, and the ways to stop (report.c). */
#ifndef NUCLEUS_REPORT_H
#define NUCLEUS_REPORT_H

#include "unwind.h"

/**
 * Has the fault at @p from reported (hook fault_report). Interrupts are off; also for a fault inside a handler, or
 * inside this, of which the numbers are printed.
 */
void report_fault(const struct trapped *from);
/** Stops the machine: says why, and makes QEMU exit with status 99. */
_Noreturn void machine_fail(const char *why);
/** Faults the caller: raises a breakpoint with @p text as its explanation. */
_Noreturn void fault_caller(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Where fault_caller() does that; the explanation is in a0. */
extern char software_fault[];

#endif
