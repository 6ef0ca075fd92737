/* Stack walks, as the nucleus itself uses them: see abi/nucleus/walk.h. */
#ifndef NUCLEUS_WALK_H
#define NUCLEUS_WALK_H

#include "eh_frame.h"
#include "nucleus/walk.h"

/**
 * One row of the table that call frame information encodes (DWARF 4, section 6.4.1): how to find the
 * caller's registers at one pc. The CFA is the caller's sp. A register that is in neither set has the same
 * value in the caller.
 */
struct walk_row {
    struct walk_rules {
        uint32_t cfa_register;
        uint32_t saved;     /* set of the registers that are in memory, at CFA + offsets[] */
        uint32_t undefined; /* set of those that the caller cannot have back; with ra in it there is no caller */
        int64_t cfa_offset;
    } rules;
    int32_t offsets[LAST_REGISTER + 1];
    const struct eh_frame *tables; /* of `cie`; NULL: there is none yet. Set it before the first use */
    struct cie cie;
    uint64_t start, lsda; /* of the function; 0: it has no language-specific data area, so no cleanups */
};

/** The row for @p pc in @p tables; @p row may be that of a frame before. @return WALK_FRAME; WALK_TRAP, WALK_LOST: there is none. */
enum walk_step walk_row(struct walk_row *row, const struct eh_frame *tables, uint64_t pc);

/** What walk_next() does: finds the row of the frame that @p walk is at, and goes to the caller by it. */
enum walk_step walk_find(struct walk_row *row, const struct walk *walk);
enum walk_step walk_apply(struct walk *walk, const struct walk_row *row);

enum walk_answer { WALK_OUTSIDE, WALK_INSIDE, WALK_UNKNOWN };
/**
 * Whether a frame of the stack lies in the @p bytes of text at @p text. @p where is set to its pc, or, when
 * the walk is lost first (WALK_UNKNOWN), to where it ended.
 */
enum walk_answer walk_enters(const struct registers *saved, uint64_t stack_low, uint64_t stack_high,
                             uint64_t text, uint64_t bytes, uint64_t *where);

/* Both take no lock, as walks do; see the callers' duty in abi/nucleus/walk.h */
/** cell_table.c: the tables of the text that @p pc is in; NULL: it is in no text of nucleus or cells. */
const struct eh_frame *eh_frame_at(uint64_t pc);
/** stub.c: where the stub that @p pc is in leads; @p pc itself when it is in none. */
uint64_t stub_target(uint64_t pc);

/* trap.S */
/** Saves the caller's registers as a switch does; they are good for walks until the caller returns. */
void registers_capture(struct registers *registers);

#endif
