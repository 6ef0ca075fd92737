/* Fault reports, for people: what happened, where, to whom. */
#ifndef NUCLEUS_REPORT_H
#define NUCLEUS_REPORT_H

#include "nucleus/task.h"

/** Logs and prints the report of a fault of @p task with the given registers. */
void report_fault(const struct task *task, const struct registers *registers);
/** Stops the machine: says why, and makes QEMU exit with status 99. */
_Noreturn void machine_fail(const char *why);
/** Faults the caller: raises a breakpoint with @p text as its explanation. */
_Noreturn void fault_caller(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Writes "CELL:function+0x12" for a pc, or the bare number. @return @p to. */
const char *report_place(char *to, size_t room, uint64_t pc);

#endif
