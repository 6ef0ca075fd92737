/**
 * @file eh_frame.h
 * Validation of a cell's unwind tables, so that the unwinder can interpret them without any check.
 *
 * Accepted is what GCC writes for C on rv64: CIE version 1 or 3, augmentation zR, zPLR, zRS or zPLRS,
 * pc-relative signed 4-byte pointers (the personality's indirect), integer registers, no DWARF
 * expressions; LSDA (.gcc_except_table) with cleanups only and 4-byte or uleb128 call sites.
 * (Linux Standard Base Core 5.0, section 10.6; DWARF 4, section 6.4.)
 */
#ifndef MITOS_NUCLEUS_EH_FRAME_H
#define MITOS_NUCLEUS_EH_FRAME_H

#include "elf.h"
#include "link.h"

/** How many remembered rows an interpreter must have room for. */
#define EH_FRAME_STATES 4u

/** An area of memory as it will be at @p address; its bytes now. */
struct eh_frame_area {
    const uint8_t *bytes;
    uint64_t address, length;
};

struct eh_frame_view {
    struct eh_frame_area frames;       /* .eh_frame, relocated */
    struct eh_frame_area except_table; /* .gcc_except_table, relocated; length 0: none */
    uint64_t text_low, text_high;      /* every function lies in it */
};

/** @return OK; ERR_FORMAT; ERR_UNSUPPORTED a table that GCC does not write for C. */
MUST_CHECK enum status eh_frame_validate(const struct eh_frame_view *view, struct why *why);

/**
 * Makes the view of a cell after link_apply() for eh_frame_validate(), and for the unwinder once
 * bytes are exchanged for the final addresses. frames.length is 0 when the cell has no .eh_frame.
 */
void eh_frame_view_make(struct eh_frame_view *view, const struct elf_image *image,
                        const struct link_section *sections);

#endif
