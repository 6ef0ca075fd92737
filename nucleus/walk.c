/* The exact stack walk: an interpreter of call frame information (DWARF 4, section 6.4; registers by
 * number as in the RISC-V psABI, "DWARF Register Numbers": x0 to x31 are 0 to 31, ra is 1, sp is 2).
 *
 * Tables of cells were checked when the cell was loaded (eh_frame_validate()), those of the nucleus are
 * checked by a host test. What is checked here is what the tables cannot know: addresses on the stack. */
#include "walk.h"

#include "nucleus/string.h"

#define RA 1u
#define SP 2u

/* The interpreter's state beside the program itself. */
struct program {
    const struct cie *cie;
    const struct walk_row *initial; /* what `restore` goes back to */
    struct walk_row *row;
    uint64_t target; /* offset of the pc in the function */
    unsigned depth;         /* of what is remembered */
    uint32_t kept;          /* registers whose offsets are part of that: they are not copied */
    struct walk_rules remembered[EH_FRAME_STATES];
};

/* @return false: the register had another place in a row that is remembered. A function has one for each. */
static inline bool set_saved(struct program *state, uint64_t number, int64_t offset)
{
    struct walk_row *row = state->row;
    uint32_t bit = 1u << number;

    if (state->kept & bit && row->offsets[number] != offset)
        return false;
    row->rules.saved |= bit;
    row->rules.undefined &= ~bit;
    row->offsets[number] = (int32_t)offset;
    return true;
}

static void restore(struct program *state, uint32_t number)
{
    const struct walk_row *initial = state->initial;
    struct walk_row *row = state->row;
    uint32_t bit = 1u << number;

    row->rules.saved = (row->rules.saved & ~bit) | (initial->rules.saved & bit);
    row->rules.undefined = (row->rules.undefined & ~bit) | (initial->rules.undefined & bit);
    if (initial->rules.saved & bit)
        row->offsets[number] = initial->offsets[number];
}

/* Runs @p program, which was checked, until the row of state->target is made. @return false: not understood. */
static bool run(struct program *state, const struct cursor *program)
{
    const uint64_t code_align = state->cie->code_align;
    struct walk_rules *rules = &state->row->rules;
    struct cursor cursor = *program;
    uint64_t place = 0, number;

    while (cursor.at < cursor.end && place <= state->target) {
        uint8_t opcode = *cursor.at++, low = opcode & 0x3f;

        switch (opcode >> 6 == CFA_LONG ? low : opcode & 0xc0) {
        case CFA_ADVANCE << 6:
            place += low * code_align;
            break;
        case CFA_OFFSET << 6:
            if (!set_saved(state, low, (int64_t)take_uleb(&cursor) * state->cie->data_align))
                return false;
            break;
        case CFA_RESTORE << 6:
            restore(state, low);
            break;
        case CFA_NOP:
            break;
        case CFA_ADVANCE_1:
        case CFA_ADVANCE_2:
        case CFA_ADVANCE_4:
            place += take(&cursor, 1u << (low - CFA_ADVANCE_1)) * code_align;
            break;
        case CFA_UNDEFINED:
            number = take_uleb(&cursor);
            rules->saved &= ~(1u << number);
            rules->undefined |= 1u << number;
            break;
        case CFA_REMEMBER_STATE:
            state->kept |= rules->saved;
            state->remembered[state->depth++] = *rules;
            break;
        case CFA_RESTORE_STATE:
            *rules = state->remembered[--state->depth];
            break;
        case CFA_DEF_CFA:
            rules->cfa_register = (uint32_t)take_uleb(&cursor);
            rules->cfa_offset = (int64_t)take_uleb(&cursor);
            break;
        case CFA_DEF_CFA_REGISTER:
            rules->cfa_register = (uint32_t)take_uleb(&cursor);
            break;
        case CFA_DEF_CFA_OFFSET:
            rules->cfa_offset = (int64_t)take_uleb(&cursor);
            break;
        default: /* others, as expressions: GCC has no use for them on rv64 */
            return false;
        }
    }
    return true;
}

/* The FDE of the function at or next below @p pc, by its entry of the index, as a cursor; empty: none. */
static struct cursor fde_near(const struct eh_frame *tables, uint64_t pc, uint64_t *offset)
{
    uint64_t key = (pc - tables->text) << 32 | UINT32_MAX;
    uint32_t low = 0, high = tables->index_count;

    *offset = 0;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (tables->index[middle] <= key)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return (struct cursor){NULL, NULL, false};
    *offset = (uint32_t)tables->index[low - 1];
    return record_at(tables, *offset);
}

/* The CIE at @p offset, which is often that of the row before. */
static bool cie_find(struct walk_row *row, const struct eh_frame *tables, uint64_t offset)
{
    if (row->tables == tables && row->cie.offset == offset)
        return true;
    row->tables = cie_read(tables, offset, &row->cie) ? NULL : tables;
    return row->tables;
}

enum walk_step walk_row(struct walk_row *row, const struct eh_frame *tables, uint64_t pc)
{
    struct walk_row initial;
    struct program state; /* its remembered rows are not cleared: that would cost more than the walk */
    uint64_t offset, distance, start;
    struct cursor fde = fde_near(tables, pc, &offset), data;
    const struct cie *cie = &row->cie;

    if (fde.at == fde.end)
        return WALK_LOST;
    distance = take(&fde, 4);
    start = take_pointer(tables, &fde);
    if (pc - start >= take(&fde, 4) || !cie_find(row, tables, offset + 4 - distance))
        return WALK_LOST;
    if (cie->is_signal)
        return WALK_TRAP;
    data = take_part(&fde, take_uleb(&fde));
    row->start = start;
    row->lsda = cie->has_lsda ? take_pointer(tables, &data) : 0;
    row->rules = initial.rules = (struct walk_rules){0}; /* GCC's CIEs name the CFA's register only */
    state.cie = cie;
    state.initial = &initial;
    state.row = row;
    state.depth = state.kept = 0;
    state.target = pc - start;
    if (cie->return_register != RA || !run(&state, &cie->program))
        return WALK_LOST;
    if (row->rules.saved) /* which no CIE of GCC's makes it */
        memcpy(initial.offsets, row->offsets, sizeof initial.offsets);
    initial.rules = row->rules;
    return run(&state, &fde) ? WALK_FRAME : WALK_LOST;
}

void walk_begin(struct walk *walk, const struct registers *saved, uint64_t stack_low,
                uint64_t stack_high)
{
    walk->exact = saved->status != 0;
    walk->pc = walk->exact ? stub_target(saved->pc) : saved->pc;
    walk->stack_low = stack_low;
    walk->stack_high = stack_high;
    for (unsigned i = 0; i <= LAST_REGISTER; i++)
        walk->x[i] = saved->x[i];
}

enum walk_step walk_find(struct walk_row *row, const struct walk *walk)
{
    /* A return address may lie behind the last instruction of its function, or where another row begins. */
    uint64_t pc = walk->exact ? walk->pc : walk->pc - 1;
    const struct eh_frame *tables = eh_frame_at(pc);

    return tables ? walk_row(row, tables, pc) : WALK_LOST;
}

enum walk_step walk_apply(struct walk *walk, const struct walk_row *row)
{
    uint64_t sp = walk->x[SP], room = walk->stack_high - walk->stack_low, cfa;
    uint64_t values[LAST_REGISTER + 1];

    if (row->rules.undefined & 1u << RA)
        return WALK_END;
    cfa = walk->x[row->rules.cfa_register] + (uint64_t)row->rules.cfa_offset;
    /* A function that has made a call has a frame, with ra in it. So every walk ends. */
    if (!walk->exact && (cfa <= sp || !(row->rules.saved & 1u << RA)))
        return WALK_LOST;
    if (sp < walk->stack_low || cfa < sp || cfa > walk->stack_high || cfa % 16)
        return WALK_LOST;
    for (uint32_t number = 1, set = row->rules.saved >> 1; set; number++, set >>= 1) {
        uint64_t address = cfa + (uint64_t)(int64_t)row->offsets[number];

        if (!(set & 1))
            continue;
        if (address % 8 || address - walk->stack_low >= room)
            return WALK_LOST;
        values[number] = *(const uint64_t *)address;
    }
    for (uint32_t number = 1, set = row->rules.saved >> 1; set; number++, set >>= 1) {
        if (set & 1)
            walk->x[number] = values[number];
    }
    walk->x[SP] = cfa;
    walk->pc = walk->x[RA];
    walk->exact = false;
    return WALK_FRAME;
}

enum walk_step walk_next(struct walk *walk)
{
    struct walk_row row;
    enum walk_step step;

    row.tables = NULL;
    step = walk_find(&row, walk);
    return step == WALK_FRAME ? walk_apply(walk, &row) : step;
}

enum walk_answer walk_enters(const struct registers *saved, uint64_t stack_low, uint64_t stack_high,
                             uint64_t text, uint64_t bytes, uint64_t *where)
{
    struct walk walk;
    enum walk_step step;

    walk_begin(&walk, saved, stack_low, stack_high);
    do {
        *where = walk.pc;
        if (walk.pc - text - !walk.exact < bytes)
            return WALK_INSIDE;
        step = walk_next(&walk);
    } while (step == WALK_FRAME);
    return step == WALK_LOST ? WALK_UNKNOWN : WALK_OUTSIDE;
}
