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

#define FAULT_RECORDS 16u
#define FAULT_FRAMES 16u
#define FAULT_PLACE_ROOM 104
#define FAULT_CAUSE_ROOM 32
#define FAULT_NOTE_ROOM 120
#define FAULT_OUTCOME_ROOM 48

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
/** For the nucleus (hook): keeps with the last fault of @p task what became of it ("task ended"), if that is
 *  still there. @p hook: the hook that it cut short ("sched_pick"), or NULL. */
void fault_outcome(const struct task *task, const char *text, const char *hook);

#endif
