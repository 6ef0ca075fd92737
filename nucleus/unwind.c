/* Forced unwinding (unwind.h): the exact walk, and a reader of what each function has to clean up. Tables were
 * checked when they were loaded (eh_frame_validate()). */
#include "unwind.h"

#include "hooks_private.h"
#include "nucleus/runtime.h"
#include "nucleus/string.h"
#include "walk.h"

/* Finds the call site of @p pc in the language-specific data area of its function. @return false: none has it,
 * so GCC is sure that nothing is thrown there. @p pad is set to the landing pad, 0: nothing to clean up. */
static bool call_site_find(const struct eh_frame *tables, const struct walk_row *row, uint64_t pc,
                           uint64_t *pad)
{
    const uint8_t *end = tables->except_table + tables->except_table_bytes;
    struct cursor area = {tables->except_table + (row->lsda - tables->except_table_address), end, false};
    struct cursor sites;
    unsigned encoding;

    take(&area, 2); /* landing pads count from the function's start; no types */
    encoding = (unsigned)take(&area, 1);
    sites = take_part(&area, take_uleb(&area));
    while (sites.at < sites.end) {
        uint64_t field[3]; /* start, length, landing pad */

        for (unsigned i = 0; i < 3; i++)
            field[i] = encoding == CALL_SITES_ULEB ? take_uleb(&sites) : take(&sites, 4);
        take_uleb(&sites); /* no action: a cleanup */
        if (pc - row->start < field[0])
            break;
        if (pc - row->start - field[0] >= field[1])
            continue;
        *pad = field[2] ? row->start + field[2] : 0;
        return true;
    }
    return false;
}

/* The landing pad of the frame that @p walk is at; 0: it has nothing to clean up. */
static uint64_t landing_pad(const struct walk *walk, const struct walk_row *row)
{
    uint64_t pad = 0;

    if (row->lsda)
        (void)call_site_find(row->tables, row, walk->exact ? walk->pc : walk->pc - 1, &pad);
    return pad;
}

static void walk_begin_at_trap(struct walk *walk, const struct trapped *from)
{
    const struct registers *registers = from->registers;

    walk->stack_low = from->stack_low;
    walk->stack_high = from->stack_high;
    memcpy(walk->x, registers->x, sizeof walk->x);
    walk->exact = registers->pc != (uint64_t)_Unwind_Resume && eh_frame_at(registers->pc);
    walk->pc = walk->exact ? registers->pc : registers->x[1];
}

/* To where unwinding ends, or, if @p stop, to the first frame with something to clean up. */
static enum unwind_end go(struct walk *walk, bool stop, const void *recovery, struct hook **hook)
{
    struct walk_row row;

    row.tables = NULL;
    for (;;) {
        enum walk_step step;
        uint64_t pad;

        if (walk->pc == (uint64_t)guard_called && walk->x[2] == (uint64_t)recovery)
            return UNWIND_CALL;
        step = walk_find(&row, walk);
        if (step != WALK_FRAME)
            return UNWIND_LOST;
        pad = stop ? landing_pad(walk, &row) : 0;
        if (pad) {
            walk->pc = pad;
            return UNWIND_CLEANUP;
        }
        step = walk_apply(walk, &row);
        if (step != WALK_FRAME)
            return step == WALK_END ? UNWIND_BOTTOM : UNWIND_LOST;
        *hook = hook_of(row.start);
        if (*hook && !is_in_cell(walk->pc - 1))
            return UNWIND_HOOK;
    }
}

enum unwind_end unwind(const struct trapped *from, bool clean_up, struct hook **hook)
{
    enum unwind_end end;
    struct walk walk;

    walk_begin_at_trap(&walk, from);
    end = go(&walk, clean_up, from->recovery, hook);
    if (clean_up && (end == UNWIND_CLEANUP || end == UNWIND_HOOK)) {
        memcpy(from->registers->x, walk.x, sizeof walk.x);
        from->registers->pc = walk.pc;
    }
    return end;
}

bool is_in_cell(uint64_t pc)
{
    const struct eh_frame *tables = eh_frame_at(pc);

    return tables && tables != eh_frame_at((uint64_t)guard_called);
}

bool unwind_expects(uint64_t pc, uint64_t *start)
{
    struct walk walk = {.pc = pc, .exact = true};
    struct walk_row row;
    uint64_t unused;

    row.tables = NULL;
    if (!is_in_cell(pc) || walk_find(&row, &walk) != WALK_FRAME)
        return false;
    *start = row.start;
    return !row.lsda || pc == row.start || call_site_find(eh_frame_at(pc), &row, pc, &unused);
}

/* Whether the frame that @p walk is at, by @p row, is of a cell, and can be cut short there; and no other cell is below. */
static bool is_safe_at(const struct walk *walk, const struct walk_row *row)
{
    uint64_t pc = walk->exact ? walk->pc : walk->pc - 1, unused;
    const struct eh_frame *cell = eh_frame_at(pc);
    struct walk below = *walk;

    if (!is_in_cell(pc) || (row->lsda && !call_site_find(cell, row, pc, &unused)))
        return false;
    while (walk_next(&below) == WALK_FRAME) {
        if (eh_frame_at(below.pc - 1) != cell)
            return !is_in_cell(below.pc - 1);
    }
    return false;
}

/* At the first instruction of a function nothing of it has been done: the place of its call will do, too. */
bool unwind_is_safe(const struct trapped *from)
{
    struct walk_row row;
    struct walk walk;

    row.tables = NULL;
    walk_begin_at_trap(&walk, from);
    if (walk_find(&row, &walk) != WALK_FRAME)
        return false;
    if (is_safe_at(&walk, &row))
        return true;
    return walk.pc == row.start && walk_apply(&walk, &row) == WALK_FRAME &&
           walk_find(&row, &walk) == WALK_FRAME && is_safe_at(&walk, &row);
}
