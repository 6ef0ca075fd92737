/* The exact stack walk: an interpreter of call frame information (DWARF 4, section 6.4; registers by
 * number as in the RISC-V psABI, "DWARF Register Numbers": x0 to x31 are 0 to 31, ra is 1, sp is 2).
 *
 * Tables of cells were checked when the cell was loaded (eh_frame_validate()), those of the nucleus are
 * checked by a host test. What is checked here is what the tables cannot know: addresses on the stack. */
#include "walk.h"

#define RA 1u
#define SP 2u

/* The interpreter's state beside the program itself. */
struct program {
    const struct cie *cie;
    const struct walk_row *initial; /* what `restore` goes back to; NULL while the CIE makes it */
    struct walk_row *row;
    uint64_t place, target; /* offsets of the row and of the pc in the function */
    unsigned depth;         /* of what is remembered */
    struct walk_row remembered[EH_FRAME_STATES];
};

static void set_saved(struct walk_row *row, uint64_t number, int64_t offset)
{
    row->saved |= 1u << number;
    row->undefined &= ~(1u << number);
    row->offsets[number] = (int32_t)offset;
}

/* Takes over the rule that @p from has; NULL: the default, the same value. */
static void set_as_in(struct walk_row *row, uint64_t number, const struct walk_row *from)
{
    uint32_t bit = 1u << number;

    row->saved = (row->saved & ~bit) | (from ? from->saved & bit : 0);
    row->undefined = (row->undefined & ~bit) | (from ? from->undefined & bit : 0);
    if (from && from->saved & bit)
        row->offsets[number] = from->offsets[number];
}

static int64_t take_sleb(struct cursor *cursor)
{
    const uint8_t *from = cursor->at;
    unsigned unused;
    uint64_t value = take_uleb(cursor);

    unused = 64 - 7 * (unsigned)(cursor->at - from);
    return (int64_t)(value << unused) >> unused;
}

/* Those that name a register first. */
static bool register_instruction(struct program *state, struct cursor *cursor, unsigned opcode)
{
    struct walk_row *row = state->row;
    uint64_t number = take_uleb(cursor);

    if (number > LAST_REGISTER)
        return false;
    switch (opcode) {
    case 0x05: /* offset_extended */
        set_saved(row, number, (int64_t)take_uleb(cursor) * state->cie->data_align);
        return true;
    case 0x06: /* restore_extended */
        set_as_in(row, number, state->initial);
        return true;
    case 0x07: /* undefined */
        set_as_in(row, number, NULL);
        row->undefined |= 1u << number;
        return true;
    case 0x08: /* same_value */
        set_as_in(row, number, NULL);
        return true;
    case 0x0c: /* def_cfa */
        row->cfa_offset = (int64_t)take_uleb(cursor);
        break;
    case 0x0d: /* def_cfa_register */
        break;
    case 0x11: /* offset_extended_sf */
        set_saved(row, number, take_sleb(cursor) * state->cie->data_align);
        return true;
    case 0x12: /* def_cfa_sf */
        row->cfa_offset = take_sleb(cursor) * state->cie->data_align;
        break;
    default: /* register (0x09) and expressions: GCC has no use for them on rv64 */
        return false;
    }
    row->cfa_register = (uint32_t)number;
    return true;
}

/* An instruction whose opcode takes the whole byte. @return false: not understood. */
static bool long_instruction(struct program *state, struct cursor *cursor, unsigned opcode)
{
    switch (opcode) {
    case 0x00: /* nop */
        return true;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        state->place += take(cursor, 1u << (opcode - 2)) * state->cie->code_align;
        return true;
    case 0x0a: /* remember_state */
        if (state->depth == EH_FRAME_STATES)
            return false;
        state->remembered[state->depth++] = *state->row;
        return true;
    case 0x0b: /* restore_state */
        if (state->depth == 0)
            return false;
        *state->row = state->remembered[--state->depth];
        return true;
    case 0x0e: /* def_cfa_offset */
        state->row->cfa_offset = (int64_t)take_uleb(cursor);
        return true;
    case 0x13: /* def_cfa_offset_sf */
        state->row->cfa_offset = take_sleb(cursor) * state->cie->data_align;
        return true;
    case 0x2e: /* GNU_args_size: tells nothing about registers */
        take_uleb(cursor);
        return true;
    default:
        return register_instruction(state, cursor, opcode);
    }
}

/* Runs @p cursor until the row of state->target is made. @return false: not understood. */
static bool run(struct program *state, struct cursor cursor)
{
    while (cursor.at < cursor.end && state->place <= state->target) {
        uint8_t opcode = *cursor.at++, low = opcode & 0x3f;

        if (opcode >> 6 == CFA_ADVANCE)
            state->place += low * state->cie->code_align;
        else if (opcode >> 6 == CFA_LONG ? !long_instruction(state, &cursor, low)
                                         : low > LAST_REGISTER)
            return false;
        else if (opcode >> 6 == CFA_OFFSET)
            set_saved(state->row, low, (int64_t)take_uleb(&cursor) * state->cie->data_align);
        else if (opcode >> 6 == CFA_RESTORE)
            set_as_in(state->row, low, state->initial);
    }
    return !cursor.overrun;
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

enum walk_step walk_row(struct walk_row *row, const struct eh_frame *tables, uint64_t pc)
{
    struct walk_row initial;
    struct program state; /* its remembered rows are not cleared: that would cost more than the walk */
    struct cie cie;
    uint64_t offset, distance, start;
    struct cursor fde = fde_near(tables, pc, &offset), data;

    if (fde.at == fde.end)
        return WALK_LOST;
    distance = take(&fde, 4);
    start = take_pointer(tables, &fde);
    if (pc - start >= take(&fde, 4) || cie_read(tables, offset + 4 - distance, &cie))
        return WALK_LOST;
    if (cie.is_signal)
        return WALK_TRAP;
    data = take_part(&fde, take_uleb(&fde));
    row->start = start;
    row->lsda = cie.has_lsda ? take_pointer(tables, &data) : 0;
    row->saved = row->undefined = 0;
    row->cfa_offset = 0; /* GCC's CIEs name the register only */
    state.cie = &cie;
    state.initial = NULL;
    state.row = row;
    state.place = state.depth = 0;
    state.target = pc - start;
    if (cie.return_register != RA || !run(&state, cie.program))
        return WALK_LOST;
    if (row->saved)
        initial = *row;
    initial.saved = row->saved;
    initial.undefined = row->undefined;
    state.initial = &initial;
    return run(&state, fde) ? WALK_FRAME : WALK_LOST;
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

/* Every register of the caller that the row has in memory lies in the stack above sp. */
static bool is_on_stack(const struct walk *walk, const struct walk_row *row, uint64_t cfa)
{
    for (uint32_t set = row->saved; set; set &= set - 1) {
        uint64_t address = cfa + (uint64_t)(int64_t)row->offsets[__builtin_ctz(set)];

        if (address % 8 || address < walk->stack_low || address >= walk->stack_high)
            return false;
    }
    return true;
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
    uint64_t sp = walk->x[SP], cfa;

    if (row->undefined & 1u << RA)
        return WALK_END;
    cfa = walk->x[row->cfa_register] + (uint64_t)row->cfa_offset;
    /* A function that has made a call has a frame, with ra in it. So every walk ends. */
    if (!walk->exact && (cfa <= sp || !(row->saved & 1u << RA)))
        return WALK_LOST;
    if (sp < walk->stack_low || cfa < sp || cfa > walk->stack_high || cfa % 16 ||
        !is_on_stack(walk, row, cfa))
        return WALK_LOST;
    for (uint32_t set = row->saved; set; set &= set - 1) {
        unsigned number = (unsigned)__builtin_ctz(set);

        walk->x[number] = *(const uint64_t *)(cfa + (uint64_t)(int64_t)row->offsets[number]);
    }
    walk->x[SP] = cfa;
    walk->pc = walk->x[RA];
    walk->exact = false;
    return WALK_FRAME;
}

enum walk_step walk_next(struct walk *walk)
{
    struct walk_row row;
    enum walk_step step = walk_find(&row, walk);

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
