/* Faults on purpose (abi/inject.h): a breakpoint stands where the fault shall be. The hart that comes to it first
 * takes the fault; others find the instruction restored. Nothing may be planted in this cell: whoever came to it
 * would ask here what it is. */
#include "inject.h"

#include "cell.h"
#include "nucleus/live_text.h"
#include "nucleus/records.h"
#include "nucleus/string.h"

#define C_EBREAK 0x9002u /* RISC-V unprivileged ISA, "Compressed" */
#define EBREAK 0x100073u

struct inject_state {
    struct spinlock lock;
    /* lock guards: */
    struct text_pair pair; /* of what was planted last; its address is set for a write only */
    uint64_t place; /* that address, inverted: so it keeps no cell that was replaced (swap.h) in memory */
    uint64_t cause, value;
    bool stands;
    struct text_pair same; /* what is written where it stands already */
};
CELL_STATE(struct inject_state);

/* Writes what stands there, or, unless @p forward, what was there. */
static void write_place(bool forward) REQUIRES(state.lock, irqs_off);
static void write_place(bool forward)
{
    state.pair.address = ~state.place;
    text_write_pairs(&state.pair, 1, forward);
    state.pair.address = 0;
    state.stands = forward;
    harts_fence_i();
}

EXPORT bool fault_unplant(void)
{
    OWN(spin_guard) guard = {0};
    bool stood;

    spin_lock(&guard, &state.lock);
    stood = state.stands;
    if (stood)
        write_place(false);
    spin_unlock(&guard, &state.lock);
    return stood;
}

static bool is_breakpoint(uint64_t pc)
{
    const volatile uint16_t *at = (const volatile uint16_t *)pc;

    return at[0] == C_EBREAK || (at[0] | (uint32_t)at[1] << 16) == EBREAK;
}

/* Whether what begins at @p pc loads or stores, and not at sp: there memory is, once the function has begun. Nor
 * may it follow a fence: then it releases a lock, and a drop that faults loses what it drops. */
static bool touches_memory(uint64_t pc)
{
    const uint16_t *at = (const uint16_t *)pc;
    unsigned opcode = at[0] & 0x7fu, base;

    if ((at[-2] & 0x7f) == 0x0f) /* MISC-MEM */
        return false;

    if ((at[0] & 3) == 0) /* compressed, quadrant 0: loads and stores but for the first, c.addi4spn */
        return at[0] >> 13 != 0;
    base = (at[0] >> 15 | (unsigned)at[1] << 1) & 31u;
    return (opcode == 0x03 || opcode == 0x23 || opcode == 0x2f) && base != 2; /* LOAD, STORE, AMO */
}

/* Whether an instruction begins at @p pc, of the function that begins at @p start. */
static bool is_instruction(uint64_t pc, uint64_t start)
{
    while (start < pc)
        start += (*(const uint16_t *)start & 3) == 3 ? 4 : 2;
    return start == pc;
}

struct wanted {
    uint64_t pc, cause, value;
    bool found; /* it is in a cell that serves, and not this one */
};

static bool find_cell(const struct cell *cell, void *argument)
{
    struct wanted *wanted = argument;

    wanted->found = cell->live && wanted->pc - (uint64_t)cell->text.base < cell->text.bytes;
    if (!wanted->found)
        return true;
    wanted->found = strcmp(cell->manifest.name, "inject") != 0;
    return false;
}

/* Nothing but the place itself changes meanwhile (cells_stay()). */
static enum status plant(void *argument)
{
    OWN(spin_guard) guard = {0};
    struct wanted *wanted = argument;
    enum status status = ERR_EXISTS;
    uint64_t start;

    cells_visit(find_cell, wanted);
    if (!wanted->found || wanted->pc % 2 || !unwind_expects(wanted->pc, &start) ||
        !is_instruction(wanted->pc, start) || (wanted->pc != start && !touches_memory(wanted->pc)))
        return ERR_INVALID;
    spin_lock(&guard, &state.lock);
    if (!state.stands) {
        memcpy(&state.pair.was, (const void *)wanted->pc, 8);
        state.pair.becomes = state.pair.was >> 16 << 16 | C_EBREAK;
        state.place = ~wanted->pc;
        state.cause = wanted->cause;
        state.value = wanted->value;
        write_place(true);
        status = OK;
    }
    spin_unlock(&guard, &state.lock);
    return status;
}

EXPORT enum status fault_plant(uint64_t pc, uint64_t cause, uint64_t value)
{
    struct wanted wanted = {.pc = pc, .cause = cause, .value = value};

    return cells_stay(plant, &wanted);
}

/* The emulator (QEMU 7.2) may have translated the breakpoint while another hart took it away, and then executes it
 * for ever; a store to that page makes it look again. */
static void write_again(uint64_t pc) REQUIRES(state.lock, irqs_off);
static void write_again(uint64_t pc)
{
    state.same.address = pc;
    memcpy(&state.same.becomes, (const void *)pc, 8);
    text_write_pairs(&state.same, 1, true);
    state.same.address = 0;
}

EXPORT bool fault_planted(struct registers *registers)
{
    OWN(spin_guard) guard = {0};
    bool over;

    role_assert_irqs_off();
    spin_lock_nested(&guard, &state.lock);
    over = !is_breakpoint(registers->pc);
    if (over) {
        write_again(registers->pc);
    } else if (state.stands && registers->pc == ~state.place) {
        write_place(false);
        registers->cause = state.cause;
        registers->value = state.value;
    }
    spin_unlock_nested(&guard, &state.lock);
    return over;
}

CELL(.name = "inject", .version = "1.0", .summary = "Faults on purpose, for tests and the command fault",
     .provides = "inject");
