/* One test for each outcome. */
#include <stdint.h>

#include "test.h"

TEST(sample, passes)
{
    CHECK(t, 1 + 1 == 2, "arithmetic");
}

TEST(sample, fails_twice)
{
    int three = 3;

    CHECK(t, three == 4, "three is %d", three);
    CHECK(t, three == 3, "never printed");
    CHECK(t, three == 5, "and still %d", three);
}

TEST(sample, skips)
{
    test_skip(t, "needs a reason");
}

TEST(sample, faults)
{
    volatile uintptr_t small = 8; /* GCC must not see that this is no object */

    CHECK(t, false, "before the fault");
    *(volatile int *)small = 0;
}

TEST(sample, says_too_much)
{
    for (int i = 0; i < 1000; i++)
        CHECK(t, i < 0, "number %d of a long, long list of failures", i);
}

CELL(.name = "runner_samples", .version = "1.0",
     .summary = "Tests of every outcome, for the tests of the test runner.");
