/* The heap under load: all sizes, until memory is exhausted, and beside a model that knows every live object
 * and fills it with a pattern of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame_private.h"
#include "heap_support.h"
#include "nucleus/memory_records.h"

static void test_objects_have_size_alignment_and_room(void **unused)
{
    static const size_t sizes[] = {1,    8,    9,     24,    100,   500,     1000,
                                   4095, 4096, 10000, 16384, 40000, 1 << 20, HEAP_MAX_BYTES};

    (void)unused;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t alignment = 8; alignment <= 4096; alignment *= 8) {
            struct kind *kind = make("sized", sizes[i], alignment);
            char *a = heap_alloc(kind), *b = heap_alloc(kind);

            assert_true(a && b && a != b);
            assert_int_equal((uintptr_t)a % alignment, 0);
            assert_int_equal((uintptr_t)b % alignment, 0);
            memset(a, 1, sizes[i]);
            memset(b, 2, sizes[i]);
            assert_int_equal(a[0], 1);
            assert_int_equal(a[sizes[i] - 1], 1);
            heap_free(kind, a);
            assert_int_equal(b[0], 2);
            assert_int_equal(b[sizes[i] - 1], 2);
            heap_free(kind, b);
            destroy(kind);
        }
    }
}

static void test_buffers_of_every_size_hold_it(void **unused)
{
    struct kind *kind = make("buffers", 0, 0);

    (void)unused;
    for (size_t bytes = 0; bytes <= 70000; bytes += bytes < 300 ? 1 : 331) {
        unsigned char *buffer = heap_alloc_bytes(kind, bytes);

        assert_non_null(buffer);
        assert_int_equal((uintptr_t)buffer % 16, 0);
        memset(buffer, 0xee, bytes);
        assert_true(info_of(buffer).live_bytes >= bytes);
        heap_free(kind, buffer);
    }
    for (size_t bytes = 16; bytes <= 4096; bytes *= 2) {
        void *buffer = heap_alloc_bytes(kind, bytes);

        assert_int_equal(info_of(buffer).live_bytes, bytes);
        heap_free(kind, buffer);
    }
    assert_null(heap_alloc_bytes(kind, HEAP_MAX_BYTES + 1));
    assert_null(heap_alloc_bytes(kind, SIZE_MAX));
    destroy(kind);
}

static void test_small_objects_waste_little(void **unused)
{
    (void)unused;
    for (size_t size = 8; size <= 2048; size += size < 128 ? 8 : 40) {
        struct kind *kind = make("dense", size, 8);
        void *objects[1000];
        struct kind_info info;

        for (unsigned j = 0; j < 1000; j++)
            objects[j] = heap_alloc(kind);
        info = info_of(objects[0]);
        assert_int_equal(info.live, 1000);
        assert_int_equal(info.live_bytes, 1000 * size);
        assert_true(info.slab_bytes <= info.live_bytes + info.live_bytes / 5 + 16 * PAGE_BYTES);
        for (unsigned j = 0; j < 1000; j++)
            heap_free(kind, objects[j]);
        destroy(kind);
    }
}

static void test_exhaustion_gives_null_and_recovers(void **unused)
{
    static void *objects[ARENA_BYTES / 30000];
    struct kind *kind = make("greedy", 30000, 8), *small = make("small", 16, 8), *none;
    unsigned count = 0;

    (void)unused;
    assert_non_null(heap_alloc(small)); /* has one slab at least */
    while ((objects[count] = heap_alloc(kind)))
        count++;
    assert_true(count > ARENA_BYTES / 40000);
    while (heap_alloc(small))
        ;
    for (unsigned i = 0; i < 1000; i++) {
        char name[KIND_NAME_ROOM];
        const struct kind_type type = {.name = name};

        snprintf(name, sizeof name, "none%u", i);
        if (kind_create_for((struct cell *)0x3000, &none, &type) == ERR_NOMEM)
            break;
        assert_int_not_equal(i, 999);
    }
    assert_int_equal(kind_destroy_all((struct cell *)0x3000, false, NULL), OK);
    while (count > 0)
        heap_free(kind, objects[--count]);
    assert_true(live_of(small) > 5);
    destroy(kind);
    for (uint8_t *page = platform_arena; page < platform_arena + ARENA_BYTES; page += PAGE_BYTES) {
        struct slab *slab = frame_slab_of(page);

        for (unsigned slot = 0; slab && slab->kind == small && slot < slab->bin->slots; slot++) {
            if (slab_holds(slab, slot))
                heap_free(small, slab_object(slab, slot));
        }
    }
    destroy(small);
}

#define MODEL_KINDS 8
#define MODEL_OBJECTS 600

struct model_object {
    unsigned char *at;
    size_t bytes;
    unsigned kind, pattern;
};

static void model_check(const struct model_object *object)
{
    for (size_t i = 0; i < object->bytes; i++) {
        if (object->at[i] != (unsigned char)object->pattern)
            fail_msg("byte %zu of an object of %zu was changed", i, object->bytes);
    }
}

static struct model_object model_take(struct random *random, struct kind *const *kinds,
                                      const size_t *sizes, unsigned pattern)
{
    struct model_object object = {.kind = (unsigned)random_below(random, MODEL_KINDS),
                                  .pattern = pattern};

    object.bytes = sizes[object.kind];
    if (object.bytes == 0) {
        object.bytes = 1 + random_below(random, 1ul << random_below(random, 17));
        object.at = heap_alloc_bytes(kinds[object.kind], object.bytes);
    } else {
        object.at = heap_alloc(kinds[object.kind]);
    }
    assert_non_null(object.at);
    memset(object.at, (int)(unsigned char)pattern, object.bytes);
    return object;
}

static void model_compare_counts(struct kind *const *kinds, const struct model_object *objects,
                                 unsigned count)
{
    unsigned live[MODEL_KINDS] = {0};

    for (unsigned i = 0; i < count; i++)
        live[objects[i].kind]++;
    for (unsigned i = 0; i < MODEL_KINDS; i++)
        assert_int_equal(live_of(kinds[i]), live[i]);
    for (unsigned i = 0; i < count; i += 7) {
        struct kind_info info;
        void *start;
        bool is_live;

        assert_int_equal(
            heap_describe(objects[i].at + objects[i].bytes - 1, &info, &start, &is_live), OK);
        assert_string_equal(info.name, kinds[objects[i].kind]->name);
        assert_ptr_equal(start, objects[i].at);
        assert_true(is_live);
    }
}

static void test_random_use_agrees_with_a_model(void **unused)
{
    static const size_t sizes[MODEL_KINDS] = {8, 24, 100, 0, 1000, 5000, 20000, 0};
    static struct model_object objects[MODEL_OBJECTS];

    (void)unused;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct random random = {seed};
        struct kind *kinds[MODEL_KINDS];
        unsigned count = 0;

        for (unsigned i = 0; i < MODEL_KINDS; i++) {
            char name[KIND_NAME_ROOM];

            snprintf(name, sizeof name, "model %u", i);
            kinds[i] = make(name, sizes[i], 8ul << i % 4);
        }
        for (unsigned step = 0; step < 6000; step++) {
            platform_hart = (unsigned)random_below(&random, 8);
            if (count < MODEL_OBJECTS && random_below(&random, 100) < 55) {
                objects[count++] = model_take(&random, kinds, sizes, step);
            } else if (count > 0) {
                unsigned chosen = (unsigned)random_below(&random, count);

                model_check(&objects[chosen]);
                heap_free(kinds[objects[chosen].kind], objects[chosen].at);
                objects[chosen] = objects[--count];
            }
            if (step % 500 == 0)
                model_compare_counts(kinds, objects, count);
            if (step % 1700 == 0)
                heap_drain();
        }
        while (count-- > 0) {
            model_check(&objects[count]);
            heap_free(kinds[objects[count].kind], objects[count].at);
        }
        for (unsigned i = 0; i < MODEL_KINDS; i++)
            destroy(kinds[i]);
    }
    platform_hart = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_objects_have_size_alignment_and_room),
        HEAP_TEST(test_buffers_of_every_size_hold_it),
        HEAP_TEST(test_small_objects_waste_little),
        HEAP_TEST(test_exhaustion_gives_null_and_recovers),
        HEAP_TEST(test_random_use_agrees_with_a_model),
    };

    return cmocka_run_group_tests(tests, heap_set_up, NULL);
}
