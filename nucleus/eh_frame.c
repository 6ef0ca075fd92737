/*
 * The check of a cell's unwind tables after relocation. Every function here returns the text of what it
 * finds wrong, or NULL. Reads go through a cursor that never leaves its record.
 */
#include "eh_frame.h"

#include "nucleus/string.h"

enum { POINTER = 0x1b /* pcrel, sdata4 */, POINTER_INDIRECT = 0x80, POINTER_OMIT = 0xff };

/*
 * The operands of each long opcode: r register, n number (LEB128), 1, 2 or 4 bytes of advance. A CIE's
 * program sets the first row, so what begins with '!' is not for it. NULL: nothing that GCC writes for rv64.
 */
static const char *const operands[0x40] = {
    [CFA_NOP] = "",         [CFA_ADVANCE_1] = "!1",     [CFA_ADVANCE_2] = "!2",
    [CFA_ADVANCE_4] = "!4", [CFA_UNDEFINED] = "r",      [CFA_REMEMBER_STATE] = "!",
    [CFA_DEF_CFA] = "rn",   [CFA_RESTORE_STATE] = "!",  [CFA_DEF_CFA_REGISTER] = "r",
    [CFA_DEF_CFA_OFFSET] = "n"};

/* Those that set a rule for the CFA. */
#define CFA_RULES (1ul << CFA_DEF_CFA | 1ul << CFA_DEF_CFA_REGISTER)

/* The program of a CIE (@p align 0), or that of a function, which stays within its @p range. */
static const char *check_program(struct cursor cursor, uint64_t align, uint64_t range)
{
    uint64_t place = 0, registers = 0;     /* or-ed */
    uint64_t stray = align == 0;           /* in a CIE, what moves is past its end at once */
    uint64_t seen = align ? CFA_RULES : 0; /* opcodes; a CIE sets a rule for the CFA */
    unsigned depth = 0;                    /* of remembered states */

    while (cursor.at < cursor.end) {
        uint8_t opcode = *cursor.at++, low = opcode & 0x3f, form = opcode >> 6;

        if (form == CFA_ADVANCE) {
            place += low * align + stray;
            continue;
        }
        if (form != CFA_LONG) {
            registers |= low;
            if (form == CFA_OFFSET)
                take_uleb(&cursor);
            else
                place += stray;
            continue;
        }
        if (!operands[low])
            return "a call frame instruction that is not known";
        seen |= 1ul << low;
        for (const char *operand = operands[low]; *operand; operand++)
            if (*operand == 'r')
                registers |= take_uleb(&cursor);
            else if (*operand == 'n')
                take_uleb(&cursor);
            else if (*operand == '!')
                place += stray;
            else
                place += take(&cursor, (unsigned)(*operand - '0')) * align;
        if ((low == CFA_REMEMBER_STATE && depth++ == EH_FRAME_STATES) ||
            (low == CFA_RESTORE_STATE && depth-- == 0))
            return "states are remembered too deep, or restored without that";
    }
    return cursor.overrun || !(seen & CFA_RULES)
               ? "a call frame instruction is cut short, or there is no rule for the CFA"
           : registers > LAST_REGISTER ? "a register that does not exist"
           : place > range             ? "an advance past the function's end, or in a CIE"
                                       : NULL;
}

const char *cie_read(const struct eh_frame *tables, uint64_t offset, struct cie *cie)
{
    static const char *const known[] = {"zR", "zRS", "zPLR", "zPLRS"};
    struct cursor cursor = record_at(tables, offset), data;
    uint64_t id = take(&cursor, 4), version = take(&cursor, 1), data_align;
    const char *letters = (const char *)cursor.at;
    unsigned which = 0;

    if (id != 0 || cursor.overrun)
        return "an FDE without a CIE";
    while (take(&cursor, 1) != 0)
        ;
    while (!cursor.overrun && which < 4 && strcmp(letters, known[which]) != 0)
        which++;
    if (cursor.overrun || which == 4 || (version != 1 && version != 3))
        return "a CIE of an unknown version or augmentation, or cut short";
    cie->offset = offset;
    cie->has_lsda = which >= 2;
    cie->is_signal = which % 2;
    cie->code_align = take_uleb(&cursor);
    data_align = take_uleb(&cursor); /* an sleb128 of one byte */
    cie->data_align = (int64_t)(data_align << 57) >> 57;
    cie->return_register = version == 1 ? take(&cursor, 1) : take_uleb(&cursor);
    if (cie->code_align - 1 > 3 || data_align - 1 > 0x7e)
        return "a CIE whose factors or return address are out of range";
    data = take_part(&cursor, take_uleb(&cursor));
    if (data.end - data.at != (cie->has_lsda ? 7 : 1))
        return "augmentation data of a wrong length";
    if (data.end[-1] != POINTER ||
        (cie->has_lsda && (data.end[-2] != POINTER || *data.at != (POINTER | POINTER_INDIRECT))))
        return "a pointer encoding that is not known";
    cie->program = cursor;
    return NULL;
}

static const char *check_cie(const struct eh_frame *tables, uint64_t offset, struct cie *cie)
{
    const char *fault = cie_read(tables, offset, cie);

    return fault                                  ? fault
           : cie->return_register > LAST_REGISTER ? "a CIE whose factors or return address are out of range"
                                                  : check_program(cie->program, 0, 0);
}

/* The call sites of one function: sorted, within its @p range, and every landing pad, too. */
static const char *check_lsda(const struct eh_frame *tables, uint64_t address, uint64_t range)
{
    uint64_t offset = address - tables->except_table_address, end = 0, encoding;
    const uint8_t *table = tables->except_table;
    struct cursor cursor, sites;

    if (offset >= tables->except_table_bytes)
        return "an LSDA outside of .gcc_except_table";
    cursor = (struct cursor){table + offset, table + tables->except_table_bytes, false};
    if (take(&cursor, 2) != POINTER_OMIT * 0x101)
        return "an LSDA with types: cells have cleanups only";
    encoding = take(&cursor, 1);
    if (encoding != CALL_SITES_ULEB && encoding != CALL_SITES_UDATA4)
        return "an LSDA whose encoding is not known";
    sites = take_part(&cursor, take_uleb(&cursor));
    while (sites.at < sites.end) {
        uint64_t field[3]; /* start, length, landing pad */

        for (unsigned i = 0; i < 3; i++)
            field[i] = encoding == CALL_SITES_ULEB ? take_uleb(&sites) : take(&sites, 4);
        if (take_uleb(&sites) != 0 || field[0] < end || field[0] + field[1] > range ||
            (field[2] != 0 && field[2] >= range))
            return "an LSDA with actions, or call sites unsorted or outside of the function";
        end = field[0] + field[1];
    }
    return cursor.overrun || sites.overrun ? "an LSDA is cut short" : NULL;
}

/* An FDE, at @p offset, names its CIE, which comes before it, by the distance; that of the last one is known. */
static const char *check_fde(const struct eh_frame *tables, struct cursor cursor, uint64_t offset,
                             uint64_t distance, struct cie *cie)
{
    uint64_t start = take_pointer(tables, &cursor), range = take(&cursor, 4), lsda;
    struct cursor data = take_part(&cursor, take_uleb(&cursor));
    const char *fault = NULL;

    if (distance > offset + 4)
        return "an FDE without a CIE";
    if (offset + 4 - distance != cie->offset)
        fault = check_cie(tables, offset + 4 - distance, cie);
    if (!fault && !elf_inside(start - tables->text, range, tables->text_bytes))
        fault = "an FDE outside of the cell's text";
    if (!fault && cie->has_lsda && (lsda = take_pointer(tables, &data)) != 0)
        fault = check_lsda(tables, lsda, range);
    return fault ? fault
           : cursor.overrun || data.overrun || data.at != data.end
               ? "augmentation data of a wrong length, or cut short"
               : check_program(cursor, cie->code_align, range);
}

enum status eh_frame_validate(const struct eh_frame *tables, struct why *why)
{
    uint64_t offset = 0;
    struct cie cie = {.offset = UINT64_MAX}; /* of the last FDE */

    while (offset < tables->frames_bytes) {
        struct cursor record = record_at(tables, offset);
        const char *fault;
        uint64_t id;

        if (!record.overrun && record.at == tables->frames + tables->frames_bytes)
            return OK;         /* an empty record ends the table */
        id = take(&record, 4); /* 0: a CIE, which is checked for the FDEs that name it */
        fault = record.overrun ? "a record is empty or cut short"
                : id != 0      ? check_fde(tables, record, offset, id, &cie)
                               : NULL;
        if (fault)
            return why_set(why, ERR_FORMAT, ".eh_frame+0x%lx: %s", offset, fault);
        offset = (uint64_t)(record.end - tables->frames);
    }
    return OK;
}

/* Shell's sort, with Knuth's gaps (TAOCP 3, 5.2.1): in place, no recursion, no very bad case; most is sorted. */
static void sort(uint64_t *numbers, uint32_t count)
{
    uint32_t gap = 1, at;

    while (gap < count / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (uint32_t i = gap; i < count; i++) {
            uint64_t value = numbers[i];

            for (at = i; at >= gap && numbers[at - gap] > value; at -= gap)
                numbers[at] = numbers[at - gap];
            numbers[at] = value;
        }
    }
}

uint32_t eh_frame_index(const struct eh_frame *tables, uint64_t *index)
{
    uint32_t count = 0;
    bool sorted = true;

    for (uint64_t offset = 0; offset < tables->frames_bytes;) {
        struct cursor record = record_at(tables, offset), fde = record;

        if (fde.at == fde.end)
            break;
        if (take(&fde, 4) != 0) {
            if (index) {
                index[count] = (take_pointer(tables, &fde) - tables->text) << 32 | offset;
                sorted &= count == 0 || index[count] > index[count - 1];
            }
            count++;
        }
        offset = (uint64_t)(record.end - tables->frames);
    }
    if (!sorted)
        sort(index, count);
    return count;
}
