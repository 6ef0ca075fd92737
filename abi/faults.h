/**
 * @file faults.h
 * Interface `faults`: reports of faults, and their log: the last FAULT_RECORDS faults, each with its backtrace. Places are kept as text, with what tells
 * the build of their cell, so a record stays true when the cell is replaced.
 */
#ifndef MITOS_FAULTS_H
#define MITOS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/cells.h"
#include "nucleus/report.h"
#include "nucleus/walk.h"
#include "task.h"

#define FAULT_RECORDS 16u
#define FAULT_FRAMES 16u
#define FAULT_PLACE_ROOM 104
#define FAULT_CAUSE_ROOM 32
#define FAULT_NOTE_ROOM 120
#define FAULT_OUTCOME_ROOM 48
#define FAULT_HOOK_ROOM 24
#define FAULT_ACTION_ROOM 160

struct fault_frame {
    uint64_t pc;
    bool exact; /* it was interrupted at pc; else pc is where a call returns to */
    /* "CELL:function+0x12", as it was then; of a caller the last byte of the call, and so it is odd. */
    char place[FAULT_PLACE_ROOM];
    char version[16];     /* of the cell; "": the nucleus, or no text */
    uint32_t text_bytes;  /* of the cell, which tells builds of one version apart; 0: no cell's */
    uint32_t text_offset; /* of the place in it, which tells functions of one name apart */
};

struct fault {
    uint64_t number; /* since boot, from 1 */
    uint64_t ticks;  /* hart_ticks() */
    uint64_t task;   /* its number */
    char task_name[TASK_NAME_ROOM];
    char cell
        [CELL_NAME_ROOM]; /* where it happened; "nucleus"; "": in no text, and no caller is known */
    char version[16];
    unsigned hart;
    char cause[FAULT_CAUSE_ROOM];
    uint64_t value;             /* the address, or what else the hardware gives with the cause */
    char note[FAULT_NOTE_ROOM]; /* "NULL pointer", the text of a fault that software found; or "" */
    char outcome[FAULT_OUTCOME_ROOM]; /* what became of the task; "" as long as that is not known */
    char hook[FAULT_HOOK_ROOM];       /* the hook (nucleus/hooks.h) that was cut short; or "" */
    char action[FAULT_ACTION_ROOM];   /* what was done about it then (cell recovery); or "" */
    uint64_t settled; /* what came of it was known as the so-many-th since boot, from 1; 0: not yet */
    struct fault_frame frames[FAULT_FRAMES]; /* the innermost first */
    unsigned frame_count;
    unsigned more;      /* frames that there were beyond these */
    enum walk_step end; /* of the walk: WALK_END at the bottom of the stack, WALK_LOST before it */
};

/** How many faults were reported here since boot, which is the number of the last. */
uint64_t fault_count(void);
/**
 * Copies fault number @p number. Takes a spinlock for the copy; never sleeps.
 * @return false: there is none, it is not kept any more, or its report is under way.
 */
bool fault_get(uint64_t number, struct fault *fault);
/** For the nucleus (hook): logs and prints the report, and keeps it. Interrupts are off, the stack is the hart's; of
 *  a handler that faulted it is one page. One call at a time; a fault in it is reported by the nucleus. */
void fault_report(const struct fault_context *context);
/**
 * The next fault of which it is known what came of it, so whatever was to be cleaned up has been. *@p last is 0 at
 * first, and what the last call left there. Those that are not kept any more are left out.
 * @return OK: *@p number is the fault's; AGAIN after entering @p op into the queue.
 */
MUST_CHECK enum status faults_wait_step(wait_op *op, uint64_t *last, uint64_t *number)
    BORROWS_MUT(*op);
/** Keeps with fault number @p number what was done about it, in a few words. */
void fault_note_action(uint64_t number, const char *text);
/** For the nucleus (hook): keeps with the last fault of @p task what came of it ("task ended"), if that is
 *  still there. @p hook: the hook that was cut short, and the task goes on; NULL: the task, or a guarded call,
 *  ended. Interrupts are off, and nothing is held of what the fault cut short. */
void fault_outcome(const struct task *task, const char *text, const char *hook);

#endif
