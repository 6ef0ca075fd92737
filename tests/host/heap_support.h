/*
 * For the tests of the heap: the machine with the heap in it, and kinds that must come to be.
 */
#ifndef TESTS_HEAP_SUPPORT_H
#define TESTS_HEAP_SUPPORT_H

#include "heap_private.h"
#include "inspect.h"
#include "platform.h"

/** A test after which all memory must be as it was before. */
#define HEAP_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, heap_note_figures, heap_compare_figures)

int heap_set_up(void **unused);
int heap_note_figures(void **unused);
int heap_compare_figures(void **unused);

/** Calls @p visit for each live object until it returns false. */
void each_object(const struct kind *kind, bool (*visit)(void *object, void *argument), void *argument);
/** kind_create(), kind_destroy() and heap_describe(), which must succeed. */
struct kind *make(const char *name, size_t bytes, size_t alignment);
void destroy(struct kind *kind);
struct kind_info info_of(const void *object);
/** The number of live objects. */
unsigned live_of(struct kind *kind);

#endif
