/*
 * The machine, as far as memory and tables of the nucleus need one: an array for RAM, locks that check how
 * they are used, a hart whose number the test sets, and faults that come back to the test.
 */
#ifndef TESTS_PLATFORM_H
#define TESTS_PLATFORM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct cell;

#define ARENA_BYTES (64ul << 20)
#define ARENA_ALIGNMENT (4ul << 20)

/** RAM; its addresses are physical and virtual ones. */
extern uint8_t platform_arena[ARENA_BYTES];
/** What hart_index() returns. */
extern unsigned platform_hart;
/** What cell_of_caller() returns. */
extern struct cell *platform_caller;
/** The text of the last fault that EXPECT_FAULT() caught. */
extern char platform_fault[256];

/** Fails the test when a lock is held, or interrupts are off. */
void platform_check_idle(void);

/** The place that the next fault jumps to; the test fails on a fault when it is not set. */
extern jmp_buf platform_boundary;
extern bool platform_boundary_set;

/** Fails unless @p statement faults with a text that holds @p part, all locks given back. */
#define EXPECT_FAULT(part, statement)                                                              \
    do {                                                                                           \
        platform_boundary_set = true;                                                              \
        if (setjmp(platform_boundary) == 0) {                                                      \
            statement;                                                                             \
            platform_boundary_set = false;                                                         \
            fail_msg("no fault: %s", #statement);                                                  \
        }                                                                                          \
        platform_check_idle();                                                                     \
        if (!platform_text_holds(platform_fault, part))                                            \
            fail_msg("\"%s\" does not hold \"%s\"", platform_fault, part);                         \
    } while (0)

bool platform_text_holds(const char *text, const char *part);

/** A generator of numbers (xorshift64*), so that a failure can be repeated by its seed. */
struct random {
    uint64_t state;
};
uint64_t random_next(struct random *random);
/** 0 .. @p below - 1. */
uint64_t random_below(struct random *random, uint64_t below);

#endif
