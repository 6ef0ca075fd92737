/* The ring of the console driver: order, fullness, and takers that do not lock. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../cells/uart/ring.h"

#define SIZE 16u
#define TAKERS 3
#define BYTES 200000u

static uint8_t bytes[SIZE];
static struct ring ring;

static int reset(void **state)
{
    (void)state;
    ring = (struct ring){.bytes = bytes, .size = SIZE};
    return 0;
}

static void bytes_come_out_in_order(void **state)
{
    uint8_t byte;

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 1 + round % SIZE; i++)
            assert_true(ring_put(&ring, (uint8_t)(round + i)));
        assert_int_equal(ring_used(&ring), 1 + round % SIZE);
        for (unsigned i = 0; i < 1 + round % SIZE; i++) {
            assert_true(ring_take(&ring, &byte));
            assert_int_equal(byte, (uint8_t)(round + i));
        }
        assert_false(ring_take(&ring, &byte));
    }
}

static void a_full_ring_takes_no_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIZE; i++)
        assert_true(ring_put(&ring, 0));
    assert_int_equal(ring_room(&ring), 0);
    assert_false(ring_put(&ring, 1));
    assert_int_equal(ring_used(&ring), SIZE);
}

/* How often each value was taken, by all takers. */
static uint32_t taken[256];
static uint32_t done;

static void *take_many(void *unused)
{
    uint8_t byte;

    (void)unused;
    for (;;) {
        uint32_t over = __atomic_load_n(&done, __ATOMIC_ACQUIRE);

        if (ring_take(&ring, &byte))
            __atomic_fetch_add(&taken[byte], 1, __ATOMIC_RELAXED);
        else if (over)
            return NULL;
    }
}

static void concurrent_takers_get_each_byte_once(void **state)
{
    pthread_t takers[TAKERS];

    (void)state;
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&takers[i], NULL, take_many, NULL), 0);
    for (uint32_t i = 0; i < BYTES; i++)
        while (!ring_put(&ring, (uint8_t)(i % 256)))
            continue;
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_join(takers[i], NULL), 0);
    for (uint32_t value = 0; value < 256; value++)
        assert_int_equal(taken[value], BYTES / 256 + (value < BYTES % 256));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bytes_come_out_in_order, reset),
        cmocka_unit_test_setup(a_full_ring_takes_no_more, reset),
        cmocka_unit_test_setup(concurrent_takers_get_each_byte_once, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
