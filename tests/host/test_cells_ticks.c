/* Ticks and nanoseconds, against 128-bit arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../cells/clock/ticks.h"

static const uint64_t timebases[] = {1,        3,        32768,      999999,
                                     10000000, 24000000, 1000000000, 9999999967};
#define TIMEBASES (sizeof timebases / sizeof timebases[0])

/* Random, with small and huge values about as often as any. */
static uint64_t random_u64(void)
{
    uint64_t value = 0;

    for (int i = 0; i < 5; i++)
        value = value << 15 ^ (uint64_t)rand();
    return value >> rand() % 64;
}

static void ticks_become_ns_rounded_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        uint64_t timebase = timebases[i % TIMEBASES];
        uint64_t ticks = random_u64();
        unsigned __int128 exact = (unsigned __int128)ticks * NS_PER_SECOND / timebase;

        if (exact <= UINT64_MAX)
            assert_true(ticks_to_ns(ticks, timebase) == (uint64_t)exact);
    }
}

static void ns_become_ticks_rounded_up_or_the_most(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        uint64_t timebase = timebases[i % TIMEBASES];
        uint64_t ns = random_u64();
        unsigned __int128 exact =
            ((unsigned __int128)ns * timebase + NS_PER_SECOND - 1) / NS_PER_SECOND;

        assert_true(ns_to_ticks(ns, timebase) ==
                    (exact > UINT64_MAX ? UINT64_MAX : (uint64_t)exact));
    }
    assert_true(ns_to_ticks(0, 10000000) == 0);
    assert_true(ns_to_ticks(UINT64_MAX, 9999999967) == UINT64_MAX);
}

/* What keeps a timer from firing before its moment. */
static void there_and_back_is_never_earlier(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        uint64_t timebase = timebases[i % TIMEBASES];
        uint64_t ns = random_u64() >> 4;

        assert_true(ticks_to_ns(ns_to_ticks(ns, timebase), timebase) >= ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_become_ns_rounded_down),
        cmocka_unit_test(ns_become_ticks_rounded_up_or_the_most),
        cmocka_unit_test(there_and_back_is_never_earlier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
