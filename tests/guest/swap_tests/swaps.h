/* Swaps as tests want them, and objects of the archive to change before they are swapped in. */
#ifndef SWAP_TESTS_SWAPS_H
#define SWAP_TESTS_SWAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "own.h"
#include "swap.h"
#include "swap_cells.h"
#include "test.h"
#include "texts.h"

#define MS 1000000ul
#define LIMIT_NS (60000 * MS) /* for what must happen: a backstop */

/** A copy of an object; bytes NULL: there is none. Ended with image_free(). */
struct image {
    uint8_t *bytes;
    size_t length;
};
/** Copies cell @p name of the archive. Checks that it could. */
bool image_copy(struct test_run *t, struct image *image, const char *name);
void image_free(struct image *image);
/** Writes version and plan (enum victim_plan) into a copy of victim's object. */
void image_plan(struct image *image, uint64_t version, uint64_t plan);
/** Gives the symbol @p name another name, as long as that. Checks that there was one. */
void image_rename(struct test_run *t, struct image *image, const char *name, const char *other);
/** A copy of victim's object, with a version that is not the one in use. @return that version; 0: failed. */
uint64_t image_of_next(struct test_run *t, struct image *image, uint64_t plan);

/** Asks for the swap (of the archive's cell, or of @p image when not NULL) and waits for its end. */
enum status swap_ask(const char *old, const char *new, const struct image *image,
                     struct swap_report *report) REQUIRES(may_park);
/** The same, and checks that it succeeds. */
bool swap_good(struct test_run *t, const char *old, const char *new, const struct image *image)
    REQUIRES(may_park);
/** Swaps victim for another version of itself, and checks that this one serves. */
bool swap_victim(struct test_run *t) REQUIRES(may_park);

/**
 * Swaps what must not be swapped: with @p status, with the texts @p texts (up to a NULL) in the explanation,
 * in this order, and with everything as before (snapshot.h).
 */
void swap_bad(struct test_run *t, const char *old, const char *new, const struct image *image,
              enum status status, const char *const *texts) REQUIRES(may_park);

/** The names of sched_rr and sched_mlfq, the bound one first. */
void schedulers_name(const char *names[2]);
/** The address of an exported function in its cell's text, for calls that make no dependency; 0: none. */
uint64_t function_named(const char *name);

/** How many swaps the tests do that do many: what the command swap_count said, or @p usual. */
unsigned swap_count(unsigned usual);

#endif
