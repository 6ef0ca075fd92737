/* The ring of virtio: chains, room, wrapping, against a model of a device; and devices that write nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../cells/virtio/ring.h"
#include "platform.h"

#define SIZE 8u

static struct ring_page page;
static struct ring ring;

static int reset(void **state)
{
    (void)state;
    memset(&page, 0, sizeof page);
    ring_init(&ring, &page, SIZE);
    return 0;
}

static struct virtio_part part(uint64_t address, uint32_t bytes, bool device_writes)
{
    return (struct virtio_part){{address}, bytes, device_writes};
}

/** What the device does with a chain. */
static void use(uint32_t head, uint32_t bytes)
{
    uint16_t at = page.used.index % SIZE;

    page.used.chains[at].head = head;
    page.used.chains[at].bytes = bytes;
    page.used.index++;
}

/** The head of chain number @p n that was put. */
static uint16_t head_of(uint16_t n)
{
    return page.available.heads[n % SIZE];
}

static void a_chain_is_laid_out_as_the_specification_says(void **state)
{
    const struct virtio_part parts[] = {part(0x1000, 16, false), part(0x2000, 32, false),
                                        part(0x3000, 64, true)};
    uint16_t at;

    (void)state;
    assert_int_equal(ring_put(&ring, parts, 3, 7), OK);
    assert_int_equal(page.available.index, 1);
    at = head_of(0);
    for (unsigned i = 0; i < 3; i++) {
        const struct ring_descriptor *is = &page.descriptors[at];

        assert_int_equal(is->address, parts[i].address.value);
        assert_int_equal(is->bytes, parts[i].bytes);
        assert_int_equal(is->flags, (i < 2 ? 1 : 0) | (i == 2 ? 2 : 0));
        at = is->next;
    }
    /* 2.7: where the three parts lie is the driver's affair, but for alignment and length. */
    assert_int_equal(sizeof(struct ring_descriptor), 16);
    assert_int_equal(offsetof(struct ring_page, available) % 2, 0);
    assert_int_equal(offsetof(struct ring_page, used) % 4, 0);
    assert_int_equal(sizeof page.used.chains[0], 8);
}

static void parts_that_no_chain_may_have_are_refused(void **state)
{
    const struct virtio_part empty[] = {part(1, 0, false)};
    const struct virtio_part order[] = {part(1, 1, true), part(2, 1, false)};
    const struct virtio_part large[] = {part(1, UINT32_MAX, true), part(2, 1, true)};
    struct virtio_part many[SIZE + 1];

    (void)state;
    for (unsigned i = 0; i <= SIZE; i++)
        many[i] = part(i, 1, true);
    assert_int_equal(ring_put(&ring, many, 0, 0), ERR_INVALID);
    assert_int_equal(ring_put(&ring, many, SIZE + 1, 0), ERR_INVALID);
    assert_int_equal(ring_put(&ring, empty, 1, 0), ERR_INVALID);
    assert_int_equal(ring_put(&ring, order, 2, 0), ERR_INVALID);
    assert_int_equal(ring_put(&ring, large, 2, 0), ERR_INVALID);
    assert_int_equal(page.available.index, 0);
    assert_int_equal(ring_put(&ring, many, SIZE, 0), OK);
    assert_int_equal(ring_put(&ring, many, 1, 0), AGAIN);
}

/* 300,000 chains of random length, used in random order: the device's index wraps four times. */
static void chains_come_back_once_with_their_tokens(void **state)
{
    struct random random = {20250101};
    struct virtio_part parts[SIZE];
    uint16_t heads[SIZE]; /* what the device has */
    uint64_t tokens[SIZE];
    unsigned sizes[SIZE];
    unsigned count = 0, room = SIZE;
    uint64_t put = 0;

    (void)state;
    while (put < 300000) {
        unsigned length = 1 + (unsigned)random_below(&random, 3);
        uint64_t token;
        uint32_t bytes;

        for (unsigned i = 0; i < length; i++)
            parts[i] = part(put, 10, true);
        assert_int_equal(ring_put(&ring, parts, length, put), length <= room ? OK : AGAIN);
        if (length <= room) {
            heads[count] = head_of((uint16_t)put);
            sizes[count] = length;
            tokens[count++] = put++;
            room -= length;
            if (random_below(&random, 2))
                continue;
        }
        for (unsigned uses = 1 + (unsigned)random_below(&random, count); uses > 0; uses--) {
            unsigned which = (unsigned)random_below(&random, count);

            use(heads[which], 10 * sizes[which]);
            assert_int_equal(ring_take(&ring, &token, &bytes), OK);
            assert_int_equal(token, tokens[which]);
            assert_int_equal(bytes, 10 * sizes[which]);
            room += sizes[which];
            count--;
            heads[which] = heads[count];
            tokens[which] = tokens[count];
            sizes[which] = sizes[count];
        }
        assert_int_equal(ring_take(&ring, &token, &bytes), AGAIN);
    }
}

/* Puts a chain of 10 readable and 100 writable bytes; then the device does what @p damage says. */
static void expect_broken(void (*damage)(void))
{
    const struct virtio_part parts[] = {part(0x1000, 10, false), part(0x2000, 100, true)};
    uint64_t token = 99;
    uint32_t bytes = 99;

    (void)reset(NULL);
    assert_int_equal(ring_put(&ring, parts, 2, 5), OK);
    damage();
    assert_int_equal(ring_take(&ring, &token, &bytes), ERR_IO);
    assert_int_equal(token, 99);
    assert_int_equal(bytes, 99);
    (void)memset(&page.used, 0, sizeof page.used); /* and it stays so */
    assert_int_equal(ring_take(&ring, &token, &bytes), ERR_IO);
    assert_int_equal(ring_put(&ring, parts, 2, 6), ERR_IO);
}

static void too_large_a_head(void)
{
    use(SIZE, 0);
}

static void huge_head(void)
{
    use(UINT32_MAX, 0);
}

static void middle_of_a_chain(void)
{
    use(page.descriptors[head_of(0)].next, 0);
}

static void free_descriptor(void)
{
    use(SIZE - 1, 0);
}

static void more_than_was_writable(void)
{
    use(head_of(0), 101);
}

static void more_chains_than_there_are(void)
{
    use(head_of(0), 1);
    page.used.index++;
}

static void index_that_goes_back(void)
{
    page.used.index = UINT16_MAX;
}

static void nonsense_breaks_the_ring(void **state)
{
    (void)state;
    expect_broken(too_large_a_head);
    expect_broken(huge_head);
    expect_broken(middle_of_a_chain);
    expect_broken(free_descriptor);
    expect_broken(more_than_was_writable);
    expect_broken(more_chains_than_there_are);
    expect_broken(index_that_goes_back);
}

static void a_chain_that_comes_back_twice_breaks_the_ring(void **state)
{
    const struct virtio_part one = part(0x1000, 10, true);
    uint64_t token;
    uint32_t bytes;

    (void)state;
    assert_int_equal(ring_put(&ring, &one, 1, 1), OK);
    assert_int_equal(ring_put(&ring, &one, 1, 2), OK);
    use(head_of(0), 10);
    assert_int_equal(ring_take(&ring, &token, &bytes), OK);
    use(head_of(0), 10);
    assert_int_equal(ring_take(&ring, &token, &bytes), ERR_IO);
}

/* The device may write to the whole page: how chains are linked is in the books only. */
static void descriptors_are_not_believed(void **state)
{
    struct virtio_part parts[SIZE];
    uint64_t token;
    uint32_t bytes;

    (void)state;
    for (unsigned i = 0; i < SIZE; i++)
        parts[i] = part(i, 1, true);
    for (unsigned round = 0; round < 10; round++) {
        uint16_t head;

        assert_int_equal(ring_put(&ring, parts, SIZE, round), OK);
        head = head_of((uint16_t)round);
        memset(page.descriptors, 0xff, sizeof page.descriptors);
        use(head, SIZE);
        assert_int_equal(ring_take(&ring, &token, &bytes), OK);
        assert_int_equal(token, round);
    }
}

static void a_device_may_ask_not_to_be_notified(void **state)
{
    (void)state;
    assert_true(ring_is_to_notify(&ring));
    page.used.flags = 1;
    assert_false(ring_is_to_notify(&ring));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_chain_is_laid_out_as_the_specification_says, reset),
        cmocka_unit_test_setup(parts_that_no_chain_may_have_are_refused, reset),
        cmocka_unit_test_setup(chains_come_back_once_with_their_tokens, reset),
        cmocka_unit_test_setup(nonsense_breaks_the_ring, reset),
        cmocka_unit_test_setup(a_chain_that_comes_back_twice_breaks_the_ring, reset),
        cmocka_unit_test_setup(descriptors_are_not_believed, reset),
        cmocka_unit_test_setup(a_device_may_ask_not_to_be_notified, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
