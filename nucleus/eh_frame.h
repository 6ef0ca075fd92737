/* Unwind tables: what a reader of .eh_frame needs. The check of a cell's tables (eh_frame.c) and the walk
 * (walk.c) read through the same cursor and the same cie_read(). Formats: Linux Standard Base Core 5.0,
 * section 10.6; DWARF 4, sections 6.4 and 7.23. */
#ifndef NUCLEUS_EH_FRAME_H
#define NUCLEUS_EH_FRAME_H

#include "link.h"

enum { LAST_REGISTER = 31, LEB_MAX_BYTES = 5 };
enum { CALL_SITES_ULEB = 1, CALL_SITES_UDATA4 = 3 }; /* how the numbers of an LSDA are encoded */
/* The upper two bits of an instruction; with 0 the lower ones tell which it is: */
enum { CFA_LONG, CFA_ADVANCE, CFA_OFFSET, CFA_RESTORE };
enum {
    CFA_NOP = 0x00, CFA_ADVANCE_1 = 0x02, CFA_ADVANCE_2, CFA_ADVANCE_4, CFA_UNDEFINED = 0x07,
    CFA_REMEMBER_STATE = 0x0a, CFA_RESTORE_STATE, CFA_DEF_CFA, CFA_DEF_CFA_REGISTER, CFA_DEF_CFA_OFFSET
};

/** Reads that never leave their record. */
struct cursor {
    const uint8_t *at, *end;
    bool overrun; /* something did not fit, or a LEB128 number was too long */
};

/** What the functions of one CIE have in common. */
struct cie {
    uint64_t offset, code_align, return_register;
    int64_t data_align;
    bool has_lsda, is_signal;
    struct cursor program; /* the instructions that make the first row */
};

static inline uint64_t take(struct cursor *cursor, unsigned bytes)
{
    uint64_t value = 0;

    if ((uint64_t)(cursor->end - cursor->at) < bytes) {
        cursor->overrun = true;
        return 0;
    }
#pragma GCC unroll 4
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)*cursor->at++ << 8 * i;
    return value;
}

static inline uint64_t take_uleb(struct cursor *cursor)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 7 * LEB_MAX_BYTES && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    cursor->overrun = true;
    return 0;
}

/** A cursor of its own over the next @p bytes, which @p cursor skips. */
static inline struct cursor take_part(struct cursor *cursor, uint64_t bytes)
{
    struct cursor part = *cursor;

    if (bytes > (uint64_t)(part.end - part.at))
        cursor->overrun = part.overrun = true, bytes = 0;
    part.end = cursor->at += bytes;
    return part;
}

/** The address that the 4-byte pc-relative pointer at @p cursor holds; 0 when it is null. */
static inline uint64_t take_pointer(const struct eh_frame *tables, struct cursor *cursor)
{
    uint64_t from = tables->frames_address + (uint64_t)(cursor->at - tables->frames);
    int32_t distance = (int32_t)take(cursor, 4);

    return distance ? from + (uint64_t)(int64_t)distance : 0;
}

/** The record at @p offset, without its length, as far as it lies inside. */
static inline struct cursor record_at(const struct eh_frame *tables, uint64_t offset)
{
    struct cursor all = {tables->frames + offset, tables->frames + tables->frames_bytes, false};

    return take_part(&all, take(&all, 4));
}

/** Reads the CIE at @p offset. @return NULL, or what is wrong with it. */
const char *cie_read(const struct eh_frame *tables, uint64_t offset, struct cie *cie);

#endif
