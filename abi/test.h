/**
 * @file test.h
 * Tests that run in the guest: cells contribute them, the shell's `test` runs them and prints TAP.
 */
#ifndef MITOS_TEST_H
#define MITOS_TEST_H

#include <stdbool.h>

#include "cell.h"
#include "own.h"

/** What a running test reports to; owned by the runner. */
struct test_run;

struct test {
    const char *name; /* "area.behaviour", e.g. "vm.store_to_text_faults" */
    void (*run)(struct test_run *t);
};

/** TEST(area, behaviour) { ... CHECK(t, x == 3, "x is %d", x); } defines and contributes one. */
#define TEST(area, behaviour)                                                                      \
    static void test_##area##_##behaviour(struct test_run *t) REQUIRES(may_park);                  \
    CELL_SET_ENTRY(test, struct test, area##_##behaviour) = {                                      \
        .name = #area "." #behaviour, .run = test_##area##_##behaviour};                           \
    static void test_##area##_##behaviour(struct test_run *t)

/** Notes a failure of @p t with file, line and a text; the test goes on. Returns @p good. */
bool test_check(struct test_run *t, bool good, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Marks @p t as not applicable here (say why: "needs 4 harts"). Counted and shown as skipped. */
void test_skip(struct test_run *t, const char *why);

#define TEST_STRING_(x) #x
#define TEST_LINE_(x) TEST_STRING_(x)
#define CHECK(t, condition, ...)                                                                   \
    test_check((t), (condition), __FILE_NAME__ ":" TEST_LINE_(__LINE__), #condition ": " __VA_ARGS__)

#endif
