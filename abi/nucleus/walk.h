/**
 * @file nucleus/walk.h
 * Exact stack walks: from saved registers to the bottom of a stack, by the unwind tables of the nucleus and
 * of all cells. No memory is taken, no lock, nothing is written: a walk may run with interrupts off and all
 * other harts stopped.
 *
 *     walk_begin(&walk, &task->registers, task->stack_low, task->stack_high);
 *     do
 *         look at walk.pc;
 *     while ((step = walk_next(&walk)) == WALK_FRAME);
 *
 * The caller sees to it that the task does not run meanwhile (or is walked on its own hart, in a handler),
 * and that no cell is loaded or unloaded.
 */
#ifndef MITOS_NUCLEUS_WALK_H
#define MITOS_NUCLEUS_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "task.h"

/** One frame: what its registers are. Of x, those that a call keeps are right: sp, s0 to s11. */
struct walk {
    uint64_t pc;
    bool exact; /* pc is where the frame was interrupted, not a return address behind a call */
    uint64_t x[32];
    uint64_t stack_low, stack_high;
};

enum walk_step {
    WALK_FRAME, /* went to the caller */
    WALK_END,   /* this frame is the bottom: its tables say that nobody called it */
    WALK_TRAP,  /* it is the trap entry: what was interrupted is where the trap saved it */
    WALK_LOST,  /* no table covers pc, or what it says cannot be: the frames below are not known */
};

/**
 * Begins at the frame that @p saved describes, whose stack is [@p stack_low, @p stack_high). With
 * saved->status 0 a switch saved it, and pc is a return address; otherwise a trap, and pc is exact. A pc in
 * the stub of a function is taken as at the first instruction of the function.
 */
void walk_begin(struct walk *walk, const struct registers *saved, uint64_t stack_low,
                uint64_t stack_high);
/** Goes to the caller. Unless it returns WALK_FRAME, @p walk is as before. */
enum walk_step walk_next(struct walk *walk);

#endif
