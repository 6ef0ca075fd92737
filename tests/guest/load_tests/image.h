/* Loading and unloading as tests want it, and objects of the archive to change before they are loaded. */
#ifndef LOAD_TESTS_IMAGE_H
#define LOAD_TESTS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect.h"
#include "load_cells.h"
#include "nucleus/cells.h"
#include "nucleus/why.h"
#include "own.h"
#include "test.h"
#include "texts.h"
#include "logs.h"

/** The kind of all buffers of this cell. */
struct kind *test_buffers(void);

/** A copy of an object; bytes NULL: there is none. Ended with image_free(). */
struct image {
    uint8_t *bytes;
    size_t length;
};
/** Copies cell @p name of the archive, with @p room bytes more behind it, which are 0. Checks that it could. */
bool image_copy(struct test_run *t, struct image *image, const char *name, size_t room);
void image_free(struct image *image);
/** Writes the plan (enum actor_plan, or-ed) into a copy of actor's object. */
void image_plan(struct image *image, unsigned plan);
/** The ELF header of section @p name: the place of a field of it, by its offset. NULL: none. */
void *image_section_field(struct image *image, const char *name, unsigned field);
#define SECTION_TYPE 4u /* 32 bits, the others 64 */
#define SECTION_OFFSET 24u
#define SECTION_SIZE 32u
#define NOBITS 8u /* a type: no bytes in the object */

/** Loads cell @p name, of the archive or of @p image when not NULL, and checks that this succeeds. */
bool load_good(struct test_run *t, const char *name, const struct image *image) REQUIRES(may_park);
/** Unloads the cells @p names (separated by spaces), one by one, and checks that each goes. */
void unload_good(struct test_run *t, const char *names) REQUIRES(may_park);
/**
 * Loads what must fail: with @p status, with the texts @p texts (up to a NULL) in the explanation, in this
 * order, and with all figures as before.
 */
void load_bad(struct test_run *t, const char *name, const struct image *image, enum status status,
              const char *const *texts) REQUIRES(may_park);
/** Unloads what must stay: the same for cell_unload(). */
void unload_bad(struct test_run *t, const char *name, enum status status, const char *const *texts)
    REQUIRES(may_park);

/** Unloads actor and the cells that came with it. */
#define ACTOR_AND_ALL "actor dep_a dep_b dep_c dep_d dep_e"

bool is_loaded(const char *name);
/** The address of an exported function in its cell's text, for calls that make no dependency; 0: none. */
uint64_t function_named(const char *name);

/** Runs @p entry(@p argument) in a task of its own, on which a fault may fall. @return how it ended. */
enum status run_apart(int (*entry)(void *argument), void *argument) REQUIRES(may_park);

/** Checks that since @p from the log says @p texts in this order. */
void log_check(struct test_run *t, uint64_t from, const char *const *texts);

#endif
