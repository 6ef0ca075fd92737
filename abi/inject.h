/**
 * @file inject.h
 * Interface `inject`: faults on purpose, in the text of cells as it runs: for tests, and to show what becomes of one.
 */
#ifndef MITOS_INJECT_H
#define MITOS_INJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/task.h"
#include "own.h"
#include "status.h"

/**
 * Whoever executes the instruction at @p pc next, on any hart, gets a fault there with this scause and stval; after
 * that the instruction is what it was. One can be planted at a time; a swap or an unload takes it back first.
 * @return OK; ERR_INVALID no instruction of another cell begins at @p pc, or none that could fault:
 * the first of a function, and what loads or stores where GCC expects it; ERR_EXISTS one is
 * planted already; ERR_BUSY a load, unload or swap is under way.
 */
MUST_CHECK enum status fault_plant(uint64_t pc, uint64_t cause, uint64_t value);
/** Takes it back; also for the nucleus (hook), before text changes. @return false: there is none any more. */
bool fault_unplant(void);
/** For the nucleus (hook): makes a breakpoint the fault that was planted there. Interrupts are off. @return true:
 *  another hart had that, or it was taken back, and what @p registers trapped at is the instruction again. */
bool fault_planted(struct registers *registers);

#endif
