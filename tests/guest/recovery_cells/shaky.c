/* A service that faults when it is told to (shaky.h). */
#include "shaky.h"

#include "cell.h"
#include "nucleus/machine.h"

struct shaky_state {
    uint64_t count, loans, hints; /* atomic */
    enum shaky_trouble trouble;
};
CELL_STATE(struct shaky_state);

EXPORT enum status shaky_count(uint64_t *count)
{
    *count = __atomic_add_fetch(&state.count, 1, __ATOMIC_RELAXED);
    return OK;
}

/* Unchecked: makes the handle. */
EXPORT bool shaky_lend(shaky_loan *loan) UNCHECKED
{
    __atomic_fetch_add(&state.loans, 1, __ATOMIC_RELAXED);
    loan->lent = 1;
    return true;
}

/* Unchecked: the drop of the handle. */
EXPORT void shaky_return(shaky_loan *loan) UNCHECKED
{
    __atomic_fetch_sub(&state.loans, 1, __ATOMIC_RELAXED);
    loan->lent = 0;
}

/* Unchecked: drops on the unwind path. */
EXPORT void shaky_loan_unwind(shaky_loan *loan) UNCHECKED
{
    if (loan->lent)
        shaky_return(loan);
}

EXPORT uint64_t shaky_loans(void)
{
    return __atomic_load_n(&state.loans, __ATOMIC_RELAXED);
}

EXPORT void shaky_hint(void)
{
    __atomic_fetch_add(&state.hints, 1, __ATOMIC_RELAXED);
}

static void fault(void)
{
    *(volatile uint64_t *)0x123456780 = 1; /* never mapped */
}

EXPORT void shaky_fault(enum shaky_trouble trouble)
{
    state.trouble = trouble;
    fault();
}

static void quiet(void)
{
}

EXPORT void (*shaky_pointer(void))(void)
{
    return quiet;
}

/* Once: the next version is a better one. */
static void fault_if(enum shaky_trouble trouble)
{
    if (state.trouble != trouble)
        return;
    __atomic_store_n(&state.trouble, SHAKY_WELL, __ATOMIC_RELAXED); /* or GCC leaves it for later */
    fault();
}

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        fault_if(SHAKY_INIT);
    return OK;
}

static enum status start(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        fault_if(SHAKY_START);
    state.trouble = SHAKY_WELL;
    return OK;
}

static enum status check(void)
{
    if (state.trouble == SHAKY_CHECK)
        fault();
    return state.trouble == SHAKY_WELL ? OK : ERR_FAULT;
}

CELL(.name = "shaky", .version = "1.0", .summary = "Faults when it is told to", .provides = "shaky",
     .init = init, .start = start, .check = check);
