/* The heap: what it promises for kinds and objects, and what becomes of wrong frees. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_private.h"
#include "heap_support.h"

#define CELL(number) ((struct cell *)(uintptr_t)(0x1000 * (number)))

static enum status create(struct kind **kind, const char *name, size_t bytes, size_t alignment)
{
    const struct kind_type type = {.name = name, .object_bytes = bytes, .alignment = alignment};

    return kind_create(kind, &type);
}

static void test_arguments_of_a_kind_are_checked(void **unused)
{
    struct kind *kind = NULL, *other = NULL;

    (void)unused;
    assert_int_equal(create(&kind, "a", 8, 0), ERR_INVALID);
    assert_int_equal(create(&kind, "a", 8, 4), ERR_INVALID);
    assert_int_equal(create(&kind, "a", 8, 24), ERR_INVALID);
    assert_int_equal(create(&kind, "a", 8, 8192), ERR_INVALID);
    assert_int_equal(create(&kind, "a", HEAP_MAX_BYTES + 1, 8), ERR_INVALID);
    assert_int_equal(create(&kind, "a name of 24 characters.", 8, 8), ERR_INVALID);
    assert_null(kind);
    kind = make("a", 8, 8);
    assert_int_equal(create(&other, "a", 16, 8), ERR_EXISTS);
    assert_null(other);
    platform_caller = CELL(1);
    other = make("a", 16, 8); /* another owner's */
    destroy(kind);
    destroy(other);
}

static void test_wrong_frees_fault_and_change_nothing(void **unused)
{
    struct kind *kind = make("things", 48, 8), *other = make("others", 48, 8),
                *bytes = make("bytes", 0, 0);
    char *object = heap_alloc(kind), *second = heap_alloc(kind),
         *large = heap_alloc_bytes(bytes, 100000);
    frames text = {0};
    int local;

    (void)unused;
    assert_true(frames_alloc(&text, 0, FRAME_TEXT));
    EXPECT_FAULT("inside of an object", heap_free(kind, object + 8));
    EXPECT_FAULT("inside of an object", heap_free(kind, object + 47));
    EXPECT_FAULT("inside of an object", heap_free(bytes, large + 5000));
    EXPECT_FAULT("the heap's own", heap_free(kind, (void *)((uintptr_t)object & ~4095ul)));
    EXPECT_FAULT("the heap's own", heap_free(bytes, (void *)((uintptr_t)large & ~4095ul)));
    EXPECT_FAULT("is free already", heap_free(kind, second + 48));
    EXPECT_FAULT("is of another kind", heap_free(other, object));
    EXPECT_FAULT("is of another kind", heap_free(other, large));
    EXPECT_FAULT("not in the heap", heap_free(kind, &local));
    EXPECT_FAULT("not in the heap", heap_free(kind, text.base));
    EXPECT_FAULT("not in the heap", heap_free(kind, (void *)8));
    assert_int_equal(info_of(object).live, 2);
    heap_free(kind, object);
    EXPECT_FAULT("is free already", heap_free(kind, object));
    heap_free(kind, second);
    EXPECT_FAULT("is free already", heap_free(kind, second)); /* in the empty slab that is kept */
    heap_drain();
    frame_drain();
    EXPECT_FAULT("not in the heap", heap_free(kind, second));
    heap_free(bytes, large);
    EXPECT_FAULT("not in the heap", heap_free(bytes, large));
    heap_free(kind, NULL);
    EXPECT_FAULT("one size", heap_alloc_bytes(kind, 8));
    EXPECT_FAULT("any size", heap_alloc(bytes));
    frames_drop(&text);
    destroy(kind);
    destroy(other);
    destroy(bytes);
}

static void test_freed_memory_is_poisoned(void **unused)
{
    struct kind *kind = make("poisoned", 256, 8), *small = make("small", 8, 8);
    unsigned char *object = heap_alloc(kind), *little = heap_alloc(small),
                  *next = heap_alloc(small);
    const unsigned poisoned = MITOS_DEBUG ? 256 : 64;

    (void)unused;
    memset(object, 0x11, 256);
    memset(little, 0x11, 8);
    memset(next, 0x11, 8);
    heap_free(kind, object);
    heap_free(small, little);
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(object[i], i < poisoned ? 0x5a : 0x11);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(little[i], 0x5a);
        assert_int_equal(next[i], 0x11);
    }
    heap_free(small, next);
    destroy(kind);
    destroy(small);
}

static void test_describe_knows_any_address(void **unused)
{
    struct kind *kind = make("described", 40, 8), *large = make("large", 100000, 4096);
    char *object = heap_alloc(kind), *big = heap_alloc(large);
    struct kind_info info;
    void *start;
    bool live;

    (void)unused;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(heap_describe(object + i, &info, &start, &live), OK);
        assert_ptr_equal(start, object);
        assert_true(live);
    }
    assert_string_equal(info.name, "described");
    assert_int_equal(info.object_bytes, 40);
    assert_int_equal(heap_describe(object + 40, &info, &start, &live), OK);
    assert_false(live);
    assert_int_equal(heap_describe((void *)((uintptr_t)object & ~4095ul), &info, &start, &live),
                     OK);
    assert_null(start);
    assert_false(live);
    assert_int_equal(heap_describe(big + 99999, &info, &start, &live), OK);
    assert_ptr_equal(start, big);
    assert_true(live);
    assert_string_equal(info.name, "large");
    assert_int_equal(heap_describe(&info, &info, &start, &live), ERR_NOT_FOUND);
    assert_int_equal(heap_describe(NULL, &info, &start, &live), ERR_NOT_FOUND);
    heap_free(kind, object);
    assert_int_equal(heap_describe(object, &info, &start, &live), OK);
    assert_false(live);
    heap_free(large, big);
    destroy(kind);
    destroy(large);
}

static bool count_object(void *object, void *argument)
{
    unsigned *count = argument;

    assert_non_null(object);
    return ++*count < 5;
}

static bool sum_objects(void *object, void *argument)
{
    *(uint64_t *)argument += *(uint64_t *)object;
    return true;
}

static void test_live_objects_are_listed(void **unused)
{
    struct kind *kind = make("listed", 64, 8), *buffers = make("buffers", 0, 0);
    uint64_t *objects[200], sum = 0, expected = 0;
    unsigned count = 0;

    (void)unused;
    for (uint64_t i = 0; i < 200; i++) {
        objects[i] = i % 2 ? heap_alloc(kind) : heap_alloc_bytes(buffers, 8 + 173 * i);
        *objects[i] = i;
        expected += i;
    }
    each_object(kind, sum_objects, &sum);
    each_object(buffers, sum_objects, &sum);
    assert_int_equal(sum, expected);
    each_object(kind, count_object, &count);
    assert_int_equal(count, 5);
    for (unsigned i = 0; i < 200; i++)
        heap_free(i % 2 ? kind : buffers, objects[i]);
    sum = 0;
    each_object(kind, sum_objects, &sum);
    assert_int_equal(sum, 0);
    destroy(kind);
    destroy(buffers);
}

static unsigned count_kinds(void)
{
    struct kind_info kind;
    unsigned count = 0;

    while (kind_get(count, &kind))
        count++;
    return count;
}

static void test_kinds_are_listed_with_owner_and_memory(void **unused)
{
    struct kind *kind;
    uint64_t slab_bytes = 0;
    struct kind_info info;
    struct frame_stats stats;
    void *object;

    (void)unused;
    platform_caller = CELL(7);
    kind = make("last", 1000, 8);
    object = heap_alloc(kind);
    assert_int_equal(count_kinds(), 2); /* the kind of the kinds, and this */
    for (unsigned i = 0; kind_get(i, &info); i++)
        slab_bytes += info.slab_bytes;
    frame_stats(&stats);
    assert_int_equal(slab_bytes, stats.used[FRAME_SLAB] * PAGE_BYTES);
    assert_true(kind_get(0, &info));
    assert_string_equal(info.owner, "nucleus");
    assert_true(kind_get(1, &info));
    assert_string_equal(info.name, "last");
    assert_string_equal(info.owner, "cell 0x7000");
    assert_int_equal(info.object_bytes, 1000);
    assert_int_equal(info.live, 1);
    kind->owner = CELL(8);
    assert_true(kind_get(1, &info));
    assert_string_equal(info.owner, "cell 0x8000");
    assert_false(kind_get(2, &info));
    heap_free(kind, object);
    destroy(kind);
}

static void test_a_kind_with_objects_stays(void **unused)
{
    struct kind *kind = make("staying", 32, 8);
    void *object = heap_alloc(kind);

    (void)unused;
    assert_int_equal(kind_destroy(kind), ERR_BUSY);
    heap_free(kind, object);
    object = heap_alloc(kind);
    heap_free(kind, object);
    destroy(kind);
}

static void test_all_kinds_of_a_cell_go_together_or_not_at_all(void **unused)
{
    struct kind *kinds[3], *foreign;
    struct why why = {""};
    void *object;

    (void)unused;
    platform_caller = CELL(1);
    kinds[0] = make("first", 32, 8);
    kinds[1] = make("second", 0, 0);
    kinds[2] = make("third", 64, 8);
    platform_caller = CELL(2);
    foreign = make("foreign", 8, 8);
    object = heap_alloc_bytes(kinds[1], 10);
    heap_free(kinds[0], heap_alloc(kinds[0]));
    assert_int_equal(kind_destroy_all(CELL(1), false, &why), ERR_BUSY);
    assert_true(platform_text_holds(why.text, "second"));
    assert_true(platform_text_holds(why.text, "1 object"));
    assert_int_equal(count_kinds(), 5);
    heap_free(kinds[1], object);
    assert_int_equal(kind_destroy_all(CELL(1), false, &why), OK);
    assert_int_equal(kind_destroy_all(CELL(1), false, NULL), OK);
    assert_int_equal(count_kinds(), 2);
    destroy(foreign);
}

static void test_abandoned_kinds_go_with_their_objects(void **unused)
{
    struct kind *kind, *buffers;

    (void)unused;
    platform_caller = CELL(1);
    kind = make("left", 32, 8);
    buffers = make("left too", 0, 0);
    platform_caller = CELL(2);
    for (unsigned i = 0; i < 500; i++)
        assert_true(heap_alloc(kind) && heap_alloc_bytes(buffers, 100 * i));
    assert_int_equal(kind_destroy_all(CELL(2), true, NULL), OK);
    assert_int_equal(live_of(kind), 500);
    assert_int_equal(kind_destroy_all(CELL(1), true, NULL), OK);
    assert_int_equal(count_kinds(), 1);
}

static void test_one_empty_slab_is_kept(void **unused)
{
    struct kind *kind = make("kept", 1024, 8);
    void *objects[100];
    struct kind_info info;

    (void)unused;
    for (unsigned i = 0; i < 100; i++)
        objects[i] = heap_alloc(kind);
    for (unsigned i = 0; i < 100; i++)
        heap_free(kind, objects[i]);
    objects[0] = heap_alloc(kind);
    info = info_of(objects[0]);
    assert_int_equal(info.slab_bytes, 4 * PAGE_BYTES);
    heap_free(kind, objects[0]);
    destroy(kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_arguments_of_a_kind_are_checked),
        HEAP_TEST(test_wrong_frees_fault_and_change_nothing),
        HEAP_TEST(test_freed_memory_is_poisoned),
        HEAP_TEST(test_describe_knows_any_address),
        HEAP_TEST(test_live_objects_are_listed),
        HEAP_TEST(test_kinds_are_listed_with_owner_and_memory),
        HEAP_TEST(test_a_kind_with_objects_stays),
        HEAP_TEST(test_all_kinds_of_a_cell_go_together_or_not_at_all),
        HEAP_TEST(test_abandoned_kinds_go_with_their_objects),
        HEAP_TEST(test_one_empty_slab_is_kept),
    };

    return cmocka_run_group_tests(tests, heap_set_up, NULL);
}
