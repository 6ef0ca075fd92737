/* Forced unwinding: from a fault, or a kill, through the frames of a task, from one cleanup to the next. */
#ifndef NUCLEUS_UNWIND_H
#define NUCLEUS_UNWIND_H

#include <stdbool.h>

#include "nucleus/live_text.h"
#include "nucleus/records.h"
#include "nucleus/task.h"

enum unwind_end {
    UNWIND_CLEANUP, /* go on with the registers: they run the cleanups of a frame, then _Unwind_Resume() */
    UNWIND_CALL,    /* the frame of the guarded call was reached */
    UNWIND_HOOK,    /* the nucleus' call of a hook was reached: the registers are those of its return */
    UNWIND_BOTTOM,  /* no frame is left */
    UNWIND_LOST,    /* the tables or the stack say something that cannot be: the rest is not cleaned up */
};

/**
 * Goes from the frame that a trap left in @p registers, on the stack [@p stack_low, @p stack_high), to the
 * nearest one that has something to clean up, and makes @p registers those of its landing pad (Itanium C++ ABI,
 * "Exception Handling", 1.6; LSDA as in the Linux Standard Base's .gcc_except_table, cleanups only). A pc that is
 * in no text, as after a call through a bad pointer, is taken for its return address. @p recovery is the frame of
 * the innermost guarded call, or NULL. @p hook is set with UNWIND_HOOK. Takes no memory and no lock.
 */
enum unwind_end unwind(struct registers *registers, uint64_t stack_low, uint64_t stack_high,
                       const void *recovery, struct hook **hook);
/** Where unwinding will end, whatever there is to clean up before; changes nothing but @p hook. */
enum unwind_end unwind_foresee(const struct registers *registers, uint64_t stack_low,
                               uint64_t stack_high, const void *recovery, struct hook **hook);

/** trap.S: the return address by which the frame of a guarded call is known, and where it ends after a fault. */
extern char guard_called[], guard_return[];

/**
 * Whether a task that an interrupt left at @p registers can be unwound from there as from a fault: only the running
 * cell has frames above the nucleus', so no other is amid a change for it; and the instruction is one of those
 * that GCC expects to fault, or its function has nothing to clean up.
 */
bool unwind_is_safe(const struct registers *registers, uint64_t stack_low, uint64_t stack_high);
/** Whether @p pc is in a cell's text. */
bool is_in_cell(uint64_t pc);

#endif
