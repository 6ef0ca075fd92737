/*
 * The check of a cell's unwind tables after relocation. Every function here returns the text of what it
 * finds wrong, or NULL. Reads go through a cursor that never leaves its record.
 */
#include "eh_frame.h"

#include "nucleus/string.h"

enum { ENCODING_PCREL_SDATA4 = 0x1b, ENCODING_INDIRECT = 0x80, ENCODING_OMIT = 0xff };
enum { CALL_SITES_ULEB = 1, CALL_SITES_UDATA4 = 3 };
enum { LAST_REGISTER = 31, LEB_MAX_BYTES = 5 };

struct cursor {
    const uint8_t *at, *end;
    bool overrun; /* something did not fit, or a LEB128 number was too long */
};

/* What the functions of one CIE have in common. */
struct cie {
    uint64_t code_align;
    bool has_lsda;
};

static inline uint8_t take_byte(struct cursor *cursor)
{
    if (cursor->at < cursor->end)
        return *cursor->at++;
    cursor->overrun = true;
    return 0;
}

static uint64_t take(struct cursor *cursor, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)take_byte(cursor) << 8 * i;
    return value;
}

static inline uint32_t take_word(struct cursor *cursor)
{
    const uint8_t *at = cursor->at;

    if (cursor->end - at < 4)
        return (uint32_t)take(cursor, 4);
    cursor->at += 4;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t take_uleb(struct cursor *cursor)
{
    uint64_t value = 0, byte;

    for (unsigned i = 0; i < LEB_MAX_BYTES; i++) {
        byte = take_byte(cursor);
        value |= (byte & 0x7f) << 7 * i;
        if (!(byte & 0x80))
            return value;
    }
    cursor->overrun = true;
    return 0;
}

/* A cursor of its own over the next @p bytes, which @p cursor skips. */
static struct cursor take_part(struct cursor *cursor, uint64_t bytes)
{
    struct cursor part = {cursor->at, cursor->at, true};

    if (bytes > (uint64_t)(cursor->end - cursor->at)) {
        cursor->overrun = true;
        return part;
    }
    cursor->at += bytes;
    return (struct cursor){part.at, cursor->at, false};
}

/* The operands of each opcode below 0x14: register, number (LEB128), 1, 2 or 4 bytes of advance. */
static const char *const operands[] = {
    [0x00] = "",  [0x02] = "1", [0x03] = "2",  [0x04] = "4",  [0x05] = "rn", [0x06] = "r",
    [0x07] = "r", [0x08] = "r", [0x09] = "rr", [0x0a] = "",   [0x0b] = "",   [0x0c] = "rn",
    [0x0d] = "r", [0x0e] = "n", [0x11] = "rn", [0x12] = "rn", [0x13] = "n"};

// clang-format off
enum {
    CFA_ADVANCE = 0x40, CFA_OFFSET = 0x80, CFA_RESTORE = 0xc0, CFA_RESTORE_EXTENDED = 0x06,
    CFA_REMEMBER = 0x0a, CFA_RESTORE_STATE = 0x0b, CFA_DEF_CFA = 0x0c, CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_SF = 0x12, CFA_ARGS_SIZE = 0x2e
};
// clang-format on

/* A program of call frame instructions on its way. */
struct program {
    struct cursor cursor;
    uint64_t place, align; /* how far it has advanced into the function; align 0: that of a CIE */
    unsigned depth;        /* of remembered states */
    bool defined;          /* the CFA has a rule */
};

/* One instruction that is not of the three short forms. */
static const char *check_long(struct program *program, uint8_t opcode)
{
    const char *operand = opcode == CFA_ARGS_SIZE ? "n" : NULL;

    if (opcode < sizeof operands / sizeof operands[0])
        operand = operands[opcode];
    if (!operand)
        return "a call frame instruction that is not known";
    if (program->align == 0 &&
        ((*operand >= '1' && *operand <= '4') || opcode == CFA_RESTORE_EXTENDED ||
         opcode == CFA_REMEMBER || opcode == CFA_RESTORE_STATE))
        return "an instruction that a CIE may not have";
    for (; *operand; operand++) {
        if (*operand == 'r' && take_uleb(&program->cursor) > LAST_REGISTER)
            return "a register that does not exist";
        if (*operand == 'n')
            take_uleb(&program->cursor);
        if (*operand < 'a')
            program->place += take(&program->cursor, (unsigned)(*operand - '0')) * program->align;
    }
    if (opcode == CFA_REMEMBER && ++program->depth > EH_FRAME_STATES)
        return "states are remembered too deep";
    if (opcode == CFA_RESTORE_STATE && program->depth-- == 0)
        return "a state is restored that was not remembered";
    if (opcode == CFA_DEF_CFA || opcode == CFA_DEF_CFA_REGISTER || opcode == CFA_DEF_CFA_SF)
        program->defined = true;
    return NULL;
}

/*
 * That of a CIE (@p cie NULL) sets the first row: it defines the CFA and neither advances nor restores.
 * That of a function stays within its @p range.
 */
static const char *check_program(struct cursor cursor, const struct cie *cie, uint64_t range)
{
    struct program program = {cursor, 0, cie ? cie->code_align : 0, 0, cie};

    while (program.cursor.at < program.cursor.end) {
        uint8_t opcode = *program.cursor.at++, high = opcode & 0xc0;
        const char *fault = NULL;

        if (high == 0)
            fault = check_long(&program, opcode);
        else if (program.align == 0 && high != CFA_OFFSET)
            fault = "an instruction that a CIE may not have";
        else if (high == CFA_ADVANCE)
            program.place += (opcode & 0x3f) * program.align;
        else if ((opcode & 0x3f) > LAST_REGISTER)
            fault = "a register that does not exist";
        else if (high == CFA_OFFSET)
            take_uleb(&program.cursor);
        if (!fault && program.place > range)
            fault = "an advance past the function's end";
        if (fault)
            return fault;
    }
    if (program.cursor.overrun)
        return "a call frame instruction is cut short";
    return program.defined ? NULL : "no rule for the CFA";
}

/* The pointers that a CIE's augmentation announces; only known encodings. */
static const char *check_augmentation(struct cursor *cursor, const char *letters, struct cie *cie)
{
    struct cursor data = take_part(cursor, take_uleb(cursor));

    for (; *letters; letters++) {
        unsigned expected = ENCODING_PCREL_SDATA4;

        if (*letters == 'S')
            continue;
        if (*letters == 'P')
            expected |= ENCODING_INDIRECT;
        if (take_byte(&data) != expected)
            return "a pointer encoding that is not known";
        if (*letters == 'P')
            take_word(&data);
        if (*letters == 'L')
            cie->has_lsda = true;
    }
    return data.overrun || data.at != data.end ? "augmentation data of a wrong length" : NULL;
}

static const char *check_cie(struct cursor cursor, struct cie *cie)
{
    static const char *const known[] = {"zR", "zPLR", "zRS", "zPLRS"};
    uint64_t version = take_byte(&cursor), data_align, address;
    const char *letters = (const char *)cursor.at, *fault;
    unsigned which = 0;

    while (take_byte(&cursor) != 0)
        ;
    if (cursor.overrun || (version != 1 && version != 3))
        return "a CIE of an unknown version, or cut short";
    while (which < 4 && strcmp(letters, known[which]) != 0)
        which++;
    if (which == 4)
        return "a CIE with an unknown augmentation";
    *cie = (struct cie){.code_align = take_uleb(&cursor)};
    data_align = take_uleb(&cursor);
    address = version == 1 ? take_byte(&cursor) : take_uleb(&cursor);
    if (cie->code_align == 0 || cie->code_align > 4 || data_align == 0 || data_align > 0x7f ||
        address > LAST_REGISTER)
        return "a CIE whose factors or return address are out of range";
    if ((fault = check_augmentation(&cursor, letters + 1, cie)) != NULL)
        return fault;
    return check_program(cursor, NULL, 0);
}

/* The call sites of one function: sorted, within its @p range, and every landing pad, too. */
static const char *check_lsda(const struct eh_frame_area *table, uint64_t address, uint64_t range)
{
    uint64_t offset = address - table->address, end = 0;
    struct cursor cursor, sites;
    uint64_t encoding;

    if (offset >= table->length)
        return "an LSDA outside of .gcc_except_table";
    cursor = (struct cursor){table->bytes + offset, table->bytes + table->length, false};
    if (take_byte(&cursor) != ENCODING_OMIT || take_byte(&cursor) != ENCODING_OMIT)
        return "an LSDA with types: cells have cleanups only";
    encoding = take_byte(&cursor);
    if (encoding != CALL_SITES_ULEB && encoding != CALL_SITES_UDATA4)
        return "an LSDA whose encoding is not known";
    sites = take_part(&cursor, take_uleb(&cursor));
    while (sites.at < sites.end) {
        uint64_t field[3]; /* start, length, landing pad */

        for (unsigned i = 0; i < 3; i++)
            field[i] = encoding == CALL_SITES_ULEB ? take_uleb(&sites) : take_word(&sites);
        if (take_uleb(&sites) != 0)
            return "an LSDA with actions: cells have cleanups only";
        if (field[0] < end || field[0] + field[1] > range || (field[2] != 0 && field[2] >= range))
            return "an LSDA whose call sites are unsorted or outside of the function";
        end = field[0] + field[1];
    }
    return cursor.overrun || sites.overrun ? "an LSDA is cut short" : NULL;
}

/* The address that the 4-byte pc-relative pointer at @p cursor holds; 0 when it is null. */
static uint64_t take_pointer(const struct eh_frame_view *view, struct cursor *cursor)
{
    uint64_t from = view->frames.address + (uint64_t)(cursor->at - view->frames.bytes);
    int32_t distance = (int32_t)take_word(cursor);

    return distance ? from + (uint64_t)(int64_t)distance : 0;
}

static const char *check_fde(const struct eh_frame_view *view, struct cursor cursor,
                             const struct cie *cie)
{
    uint64_t start = take_pointer(view, &cursor), range = take_word(&cursor), lsda;
    struct cursor augmentation = take_part(&cursor, take_uleb(&cursor));
    const char *fault = NULL;

    if (cursor.overrun)
        return "an FDE is cut short";
    if (start < view->text_low || start > view->text_high || range > view->text_high - start)
        return "an FDE outside of the cell's text";
    if (cie->has_lsda && (lsda = take_pointer(view, &augmentation)) != 0)
        fault = check_lsda(&view->except_table, lsda, range);
    if (augmentation.overrun || augmentation.at != augmentation.end)
        return "augmentation data of a wrong length";
    return fault ? fault : check_program(cursor, cie, range);
}

/* The record at @p offset, without its length, as far as it lies inside. */
static struct cursor record_at(const struct eh_frame_area *frames, uint64_t offset)
{
    struct cursor all = {frames->bytes + offset, frames->bytes + frames->length, false};

    return take_part(&all, take_word(&all));
}

enum status eh_frame_validate(const struct eh_frame_view *view, struct why *why)
{
    const struct eh_frame_area *frames = &view->frames;
    uint64_t offset = 0, id, cie_offset = UINT64_MAX;
    const char *fault = NULL;
    struct cie cie = {0};

    while (offset < frames->length) {
        struct cursor record = record_at(frames, offset), cie_record;

        if (record.at == record.end && !record.overrun && frames->length - offset == 4)
            return OK; /* a terminator ends the table */
        id = take_word(&record);
        if (record.overrun)
            fault = "a record is empty or cut short";
        else if (id == 0)
            fault = check_cie(record, &(struct cie){0});
        else if (id > offset + 4)
            fault = "an FDE without a CIE";
        if (!fault && id != 0 && cie_offset != offset + 4 - id) {
            cie_offset = offset + 4 - id;
            cie_record = record_at(frames, cie_offset);
            fault = take_word(&cie_record) != 0 || cie_record.overrun ? "an FDE without a CIE"
                                                                      : check_cie(cie_record, &cie);
        }
        if (!fault && id != 0)
            fault = check_fde(view, record, &cie);
        if (fault)
            return why_set(why, ERR_FORMAT, ".eh_frame+0x%lx: %s", offset, fault);
        offset = (uint64_t)(record.end - frames->bytes);
    }
    return OK;
}

void eh_frame_view_make(struct eh_frame_view *view, const struct elf_image *image,
                        const struct link_section *sections)
{
    const uint32_t which[2] = {image->eh_frame, image->except_table};
    struct eh_frame_area *areas[2] = {&view->frames, &view->except_table};

    *view = (struct eh_frame_view){.text_low = UINT64_MAX};
    for (unsigned i = 0; i < 2; i++)
        if (which[i] != 0)
            *areas[i] = (struct eh_frame_area){.bytes = sections[which[i]].staging,
                                               .address = sections[which[i]].address,
                                               .length = elf_section_bytes(image, which[i])};
    for (uint32_t i = 1; i < image->section_count; i++) {
        uint64_t low = sections[i].address, high = low + elf_section_bytes(image, i);

        if (elf_section_class(image, i) != SECTION_TEXT)
            continue;
        if (low < view->text_low)
            view->text_low = low;
        if (high > view->text_high)
            view->text_high = high;
    }
}
