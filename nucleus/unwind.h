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

/** What a trap came from: the running task, or, inside of a handler, that. */
struct trapped {
    struct task *task; /* a handler's faults are counted as its hart's: what it interrupted is innocent */
    struct registers *registers;
    uint64_t stack_low, stack_high; /* of the stack that its frames are on */
    const struct registers *recovery; /* the frame of the innermost guarded call, or NULL */
};
/** trap.c: what that trap of this hart came from which made the depth of traps @p depth. */
struct trapped trapped_at(uint64_t depth);

/**
 * Goes from the frame that a trap left to the nearest one that has something to clean up, and makes the registers
 * those of its landing pad (Itanium C++ ABI, "Exception Handling", 1.6; LSDA as in the Linux Standard Base's
 * .gcc_except_table, cleanups only). A pc that is in no text, as after a call through a bad pointer, is taken for its
 * return address. Unless @p clean_up it tells where unwinding will end, whatever there is to clean up before, and
 * changes nothing but @p hook, which is set with UNWIND_HOOK. Takes no memory and no lock.
 */
enum unwind_end unwind(const struct trapped *from, bool clean_up, struct hook **hook);

/** trap.S: the return address by which the frame of a guarded call is known, and where it ends after a fault. */
extern char guard_called[], guard_return[];

/**
 * Whether a task that an interrupt left as @p from says can be unwound from there as from a fault: only the running
 * cell has frames above the nucleus', so no other is amid a change for it; and the instruction is one of those
 * that GCC expects to fault, or its function has nothing to clean up. Or it is the first one of a function, and all
 * that holds for the call.
 */
bool unwind_is_safe(const struct trapped *from);
/** Whether @p pc is in a cell's text. */
bool is_in_cell(uint64_t pc);

#endif
