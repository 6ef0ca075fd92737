/**
 * @file shaky.h
 * Interface `shaky`: a service that faults when it is told to, for the tests of recovery (tests/guest/recovery_cells).
 */
#ifndef MITOS_SHAKY_H
#define MITOS_SHAKY_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "own.h"
#include "status.h"

typedef struct LINEAR("shaky_loan") shaky_loan {
    uint32_t lent; /* 0: empty */
} shaky_loan;

enum shaky_trouble {
    SHAKY_WELL,
    SHAKY_SICK,        /* check() fails, until the cell is reloaded */
    SHAKY_CHECK,       /* check() faults, until then */
    SHAKY_INIT,        /* check() fails, and so does init() of a reloaded one, by a fault */
    SHAKY_START,       /* the same with start() */
};

/** How many calls of this there were. Always OK. */
MUST_CHECK enum status shaky_count(uint64_t *count);
/** @return false: never. */
bool shaky_lend(shaky_loan *loan) TRY_MAKES(*loan);
void shaky_return(shaky_loan *loan) TAKES(*loan);
void shaky_loan_unwind(shaky_loan *loan) UNCHECKED;
/** How many loans are out. */
uint64_t shaky_loans(void);
/** What callers can do without. */
void shaky_hint(void) OR_NOTHING;
/** Is in @p trouble from now on, and faults. */
void shaky_fault(enum shaky_trouble trouble);
/** The address of a function of its own that is not exported. */
void (*shaky_pointer(void))(void);

#endif
