/* What the tests of unwinding share: running something that faults in a task of its own, and the books after it. */
#ifndef UNWIND_TESTS_FAULTS_H
#define UNWIND_TESTS_FAULTS_H

#include "status.h"
#include "swap.h"
#include "task.h"
#include "test.h"
#include "unwind_cells.h"

#define BAD ((uint64_t *)0x1000) /* no memory is there */

/** Something that faults, given BAD. */
typedef uint64_t (*culprit)(uint64_t *where);

/** The objects that live, of all kinds together, and the bytes of all mappings. */
struct stock {
    uint64_t objects, mapped_pages;
};
void stock_take(struct stock *stock);

/** Runs @p entry in a task, and waits for its end. @return how it ended. */
enum status run_alone(int (*entry)(void *), void *argument) REQUIRES(may_park);
/** The same, and @p result (or NULL) is what it returned. */
enum status run_for(int (*entry)(void *), void *argument, int *result) REQUIRES(may_park);

/**
 * Calls @p f(BAD) in a task, under three functions that hold the tokens a, b and c (c is the inner one), and checks
 * that the task ends by the fault, that tokens were unwound as @p unwound says, and that nothing is left.
 */
void expect_unwound(struct test_run *t, const char *what, culprit f, const char *unwound)
    REQUIRES(may_park);
/** The same with tokens whose cleanups fault (tokens_start()). */
void expect_unwound_with(struct test_run *t, const char *what, culprit f, const char *faulty,
                         const char *unwound) REQUIRES(may_park);
/** Checks the books: every token gone, those that unwinding dropped being @p unwound (NULL: any). */
void check_tokens(struct test_run *t, const char *what, const char *unwound);

/** Replaces @p cell by itself, from the archive. @return how that ended, as report->status does. */
enum status swap_itself(struct swap_report *report, const char *cell) REQUIRES(may_park);

/** The kind of all buffers of this cell. */
struct kind *test_buffers(void);
/** How many kills the test of random kills does: what the command kill_count said, or @p usual. */
unsigned kill_count(unsigned usual);
/** How many rounds the test of faults beside swaps does: what the command fault_rounds said, or @p usual. */
unsigned fault_rounds(unsigned usual);
/** Hides a value from GCC. */
__attribute__((noinline)) uint64_t hidden(uint64_t value);

#endif
