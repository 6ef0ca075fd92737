/* Faults on purpose (abi/nucleus/inject.h): a breakpoint stands where the fault shall be. The hart that comes to it
 * first takes the fault; others find the instruction restored. */
#include "arena.h"
#include "cell_private.h"
#include "harts.h"
#include "nucleus/inject.h"
#include "report.h"
#include "unwind.h"

#define C_EBREAK 0x9002u /* RISC-V unprivileged ISA, "Compressed" */

static struct {
    struct spinlock lock;
    /* lock guards: */
    struct text_pair pair; /* of what was planted last */
    uint64_t cause, value;
    bool stands;
} planted;

static bool restore(void) REQUIRES(planted.lock, irqs_off);
static bool restore(void)
{
    bool stood = planted.stands;

    if (stood) {
        text_write_pairs(&planted.pair, 1, false);
        harts_fence_i();
    }
    planted.stands = false;
    return stood;
}

bool fault_unplant(void)
{
    OWN(spin_guard) guard = {0};
    bool stood;

    spin_lock(&guard, &planted.lock);
    stood = restore();
    spin_unlock(&guard, &planted.lock);
    return stood;
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

static bool is_breakpoint(uint64_t pc)
{
    return *(const volatile uint16_t *)pc == C_EBREAK;
}

static enum status plant(uint64_t pc, uint64_t cause, uint64_t value)
{
    OWN(spin_guard) guard = {0};
    enum status status = OK;
    uint64_t start;

    if (pc % 2 || !unwind_expects(pc, &start) || (pc != start && !touches_memory(pc)))
        return ERR_INVALID;
    spin_lock(&guard, &planted.lock);
    if (planted.stands) {
        status = ERR_EXISTS;
    } else {
        planted.pair.address = pc;
        memcpy(&planted.pair.was, (const void *)pc, 8);
        planted.pair.becomes = planted.pair.was >> 16 << 16 | C_EBREAK;
        planted.cause = cause;
        planted.value = value;
        planted.stands = true;
        text_write_pairs(&planted.pair, 1, true);
        harts_fence_i();
    }
    spin_unlock(&guard, &planted.lock);
    return status;
}

/* With the transaction, which keeps the cell. */
enum status fault_plant(uint64_t pc, uint64_t cause, uint64_t value)
{
    struct why unused = {0};
    enum status status = transaction_begin(REASON_LOAD, &unused);

    if (status != OK)
        return status;
    status = plant(pc, cause, value);
    transaction_end();
    return status;
}

bool fault_planted(struct registers *registers)
{
    OWN(spin_guard) guard = {0};
    bool known;

    role_assert_irqs_off();
    spin_lock_nested(&guard, &planted.lock);
    known = registers->pc == planted.pair.address;
    if (known && restore()) {
        registers->cause = planted.cause;
        registers->value = planted.value;
        known = false;
    } else if (known && memcmp((const void *)registers->pc, &planted.pair.was, 8) == 0) {
        /* The emulator (QEMU 7.2) may have translated the breakpoint while another hart took it away, and then
         * executes it for ever; a store to that page makes it look again. */
        text_write_pairs(&planted.pair, 1, false);
    }
    spin_unlock_nested(&guard, &planted.lock);
    __asm__ volatile("fence.i" : : : "memory");
    return known && !is_breakpoint(registers->pc);
}
