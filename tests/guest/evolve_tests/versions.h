/* Other versions of the cells in ../evolve_cells, and notes that the tests hold. */
#ifndef EVOLVE_TESTS_VERSIONS_H
#define EVOLVE_TESTS_VERSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../swap_tests/snapshot.h"
#include "logs.h"
#include "notes.h"
#include "own.h"
#include "swap.h"
#include "test.h"
#include "texts.h"

/** What a test wants: file FILE of the boot archive, with a plan written into it (plans.h). */
struct wanted {
    const char *file; /* "wider/notes.cell" */
    uint32_t plan;    /* enum notes_plan, tray_plan */
    uint64_t step;
    bool probation;
};

/** A copy of the file's object, with the plan, to be ended with version_image_drop(). What lies in no folder has none:
 *  *@p image is NULL. @return false: it is not in the archive, or there is no memory. */
bool version_image(const struct wanted *wanted, uint8_t **image, size_t *bytes);
void version_image_drop(uint8_t *image);
/** Asks for a swap and waits. @return how it ended; ERR_INVALID, too, when it could not be asked for. */
enum status order_wait(const struct swap_order *order, struct swap_report *report) REQUIRES(may_park);
/** Swaps cell @p old for that of @p wanted, and waits. */
enum status version_swap(const char *old, const struct wanted *wanted, struct swap_report *report) REQUIRES(may_park);
/** Asks for a rollback or commit of @p cell, and waits. */
enum status version_order(enum swap_action action, const char *cell, struct swap_report *report) REQUIRES(may_park);
/** Swaps in a version as it is, for good, and checks that this succeeds. */
bool version_take(struct test_run *t, const char *old, const char *file) REQUIRES(may_park);
/** Swaps in @p file, which must be refused, or fail, with @p status and, in the explanation, @p texts (up to a NULL) in
 *  this order; all is as before. */
void version_refuse(struct test_run *t, const char *old, const struct wanted *wanted, enum status status,
                    const char *const *texts, struct swap_report *report) REQUIRES(may_park);
/** The report of swap number @p number. @return false: it is not kept. */
bool swap_of(uint64_t number, struct swap_report *report);
/** Waits until the log has @p texts (up to a NULL) in this order, from byte @p from on: what is done is told later. @return
 *  false: it has not. */
bool log_await(uint64_t from, const char *const *texts) REQUIRES(may_park);
/** Whether the emulator counts time in instructions, one in a nanosecond (./mitos run --icount). */
bool time_is_counted(void);
/** Room for text that a test spoils, where the nucleus can write it from. */
struct text_pair *version_pair(void);
/** The version of notes that tests begin with, without notes. @return false: it cannot be had. */
bool notes_begin(struct test_run *t) REQUIRES(may_park);

#define NOTES_MOST 10000u
/** Notes of the values 0, 1 ... */
struct crop {
    struct note **notes;
    unsigned count;
};
/** @return whether there is memory for them. */
bool crop_make(struct test_run *t, struct crop *crop, unsigned count);
/** Checks that all have their values, by the addresses that they had. */
bool crop_check(struct test_run *t, const struct crop *crop);
void crop_drop(struct crop *crop);

#endif
