/* The frame allocator, beside a model that knows for every frame to which block it belongs. */
#include "frame_support.h"

static void test_largest_aligned_blocks_cover_the_arena(void **unused)
{
    struct frame_stats stats;

    (void)unused;
    begin_whole();
    frame_stats(&stats);
    assert_int_equal(stats.total, ARENA_FRAMES);
    assert_int_equal(stats.used[FRAME_RESERVED], RECORD_FRAMES);
    assert_int_equal(stats.free, ARENA_FRAMES - RECORD_FRAMES);
    assert_int_equal(free_at_first, stats.free);
    assert_true(stats.largest_free >= ARENA_ALIGNMENT / PAGE_BYTES);
    check_invariants();
}

static void test_reserved_ranges_are_never_given_out(void **unused)
{
    struct physical_range ram = whole_arena();
    const struct physical_range reserved[] = {
        {ARENA, 0x80001},                               /* from the start, ends inside of a frame */
        {ARENA + 0x70000, 0x20000},                     /* overlaps the first */
        {ARENA + 0x100fff, 2},                          /* across a border of frames */
        {ARENA + (32ul << 20), 0},                      /* empty */
        {ARENA - 0x5000, 0x1000},                       /* outside of RAM */
        {ARENA + ARENA_BYTES - 0x3000, UINT64_MAX / 2}, /* past the end */
    };
    struct frame_stats stats;
    uint64_t taken = 0;
    void *base;

    (void)unused;
    assert_int_equal(begin(&ram, 1, reserved, 6), OK);
    check_invariants();
    frame_stats(&stats);
    assert_int_equal(stats.used[FRAME_RESERVED], 0x90 + 2 + 3 + RECORD_FRAMES);
    while ((base = take(0))) {
        uint64_t distance = (uint64_t)(uintptr_t)base - ARENA;

        assert_false(distance < 0x90000 || distance == 0x100000 || distance == 0x101000);
        assert_true(distance < ARENA_BYTES - 0x3000);
        taken++;
    }
    assert_int_equal(taken, stats.free);
    assert_int_equal(taken, free_at_first);
    frame_stats(&stats);
    assert_int_equal(stats.free, 0);
}

static void test_bookkeeping_goes_into_the_first_gap(void **unused)
{
    struct physical_range ram = whole_arena();
    /* Gaps of 1 frame each, too small for the records, up to 0x20000. */
    struct physical_range reserved[16];

    (void)unused;
    for (unsigned i = 0; i < 16; i++)
        reserved[i] = (struct physical_range){ARENA + 0x2000 * i, 0x1000};
    assert_int_equal(begin(&ram, 1, reserved, 16), OK);
    assert_ptr_equal(pool.rams[0].blocks, platform_arena + 0x1f000);
    check_invariants();
}

static void test_several_ranges_of_ram_do_not_join(void **unused)
{
    struct physical_range rams[] = {{ARENA + 0x800, 0x3ff800},
                                    {ARENA + 0x400000, 0x400000},
                                    {ARENA + 0x1000000, 0x123456},
                                    {ARENA + 0x2000000, 0x1000}};
    struct frame_stats stats;

    (void)unused;
    assert_int_equal(begin(rams, 4, NULL, 0), OK);
    check_invariants();
    frame_stats(&stats);
    assert_int_equal(stats.total, 0x3ff + 0x400 + 0x123 + 1);
    assert_null(take(11));
    while (take(3))
        ;
    check_invariants();
}

/* A block may lie in two of them, and is found from both. */
static void test_ranges_of_ram_that_adjoin_are_one(void **unused)
{
    /* The border is between the frames 4 and 5. Frame 6 keeps the records out of 5, and ends the block. */
    struct physical_range rams[] = {{ARENA, 0x5000}, {ARENA + 0x5000, 16ul << 20}};
    struct physical_range reserved = {ARENA + 0x6000, 0x1000};
    char *block = (char *)platform_arena + 0x4000, *taken;
    enum frame_use use;
    unsigned order;
    paddr base;

    (void)unused;
    assert_int_equal(begin(rams, 2, &reserved, 1), OK);
    check_invariants();
    assert_int_equal(frame_describe((paddr){ARENA + 0x5000}, &use, &base, &order), OK);
    assert_int_equal(base.value, ARENA + 0x4000);
    assert_int_equal(order, 1);
    do
        taken = take_use(1, FRAME_SLAB);
    while (taken && taken != block);
    assert_ptr_equal(taken, block);
    assert_ptr_equal(frame_slab_of(block + 0x1fff), block);
    check_invariants();
    drop(block);
    check_invariants();
}

static void test_ram_that_cannot_be_managed_is_refused(void **unused)
{
    struct physical_range ram = whole_arena(), none = {ARENA, 0xfff};
    struct physical_range too_many[FRAME_MAX_RESERVED + 1] = {{0, 0}};
    struct why why = {""};

    (void)unused;
    assert_int_equal(begin(&ram, 0, NULL, 0), ERR_INVALID);
    assert_int_equal(begin(too_many, FRAME_MAX_RAMS + 1, NULL, 0), ERR_INVALID);
    assert_int_equal(begin(&ram, 1, too_many, FRAME_MAX_RESERVED + 1), ERR_INVALID);
    assert_int_equal(begin(&ram, 1, &ram, 1), ERR_NOMEM);
    assert_int_equal(frame_init(&ram, 1, &ram, 1, &free_at_first, &why), ERR_NOMEM);
    assert_true(platform_text_holds(why.text, "no room in it for the bookkeeping"));
    assert_int_equal(begin(&none, 1, NULL, 0), ERR_INVALID);
}

static void test_blocks_are_aligned_to_their_size(void **unused)
{
    (void)unused;
    begin_whole();
    for (unsigned order = 0; order <= 10; order++) {
        void *base = take(order);

        assert_non_null(base);
        assert_int_equal((uintptr_t)base % (PAGE_BYTES << order), 0);
        memset(base, 0xa5, PAGE_BYTES << order);
    }
    check_invariants();
}

static void test_invalid_requests_fail(void **unused)
{
    (void)unused;
    begin_whole();
    assert_null(take(FRAME_MAX_ORDER + 1));
    assert_null(take(FRAME_MAX_ORDER));
    assert_null(take_use(0, FRAME_FREE));
    assert_null(take_use(0, FRAME_RESERVED));
    assert_null(take_use(0, FRAME_USES));
    check_invariants();
}

static void test_all_merges_after_exhaustion(void **unused)
{
    static void *bases[ARENA_FRAMES];
    struct frame_stats before, after;
    unsigned count = 0;

    (void)unused;
    begin_whole();
    frame_stats(&before);
    while ((bases[count] = take(0)))
        count++;
    assert_int_equal(count, before.free);
    assert_null(take(0));
    assert_null(take(3));
    for (unsigned i = 0; i < count; i += 2)
        drop(bases[i]);
    for (unsigned i = 1; i < count; i += 2)
        drop(bases[i]);
    frame_drain();
    frame_stats(&after);
    assert_memory_equal(&before, &after, sizeof before);
    check_invariants();
}

static void test_caches_serve_their_hart_and_drain(void **unused)
{
    struct frame_stats stats;
    void *first, *again;

    (void)unused;
    begin_whole();
    first = take(0);
    frame_stats(&stats);
    assert_int_equal(stats.cached, CACHE_BATCH - 1);
    drop(first);
    again = take(0);
    assert_ptr_equal(first, again);
    platform_hart = 3;
    assert_ptr_not_equal(take(0), first);
    drop(again); /* into the cache of the hart that drops */
    frame_stats(&stats);
    assert_int_equal(stats.cached, CACHE_BATCH - 1 + CACHE_BATCH);
    assert_int_equal(stats.used[FRAME_OTHER], 1);
    frame_drain();
    frame_stats(&stats);
    assert_int_equal(stats.cached, 0);
    check_invariants();
}

static void test_a_full_cache_gives_back_a_batch(void **unused)
{
    void *bases[100];
    struct frame_stats stats;

    (void)unused;
    begin_whole();
    for (unsigned i = 0; i < 100; i++)
        bases[i] = take(0);
    for (unsigned i = 0; i < 100; i++) {
        drop(bases[i]);
        frame_stats(&stats);
        assert_true(stats.cached <= CACHE_MOST);
    }
    check_invariants();
}

static void test_cached_frames_serve_a_large_block_in_need(void **unused)
{
    struct physical_range ram = {ARENA, 17 * PAGE_BYTES};

    (void)unused;
    assert_int_equal(begin(&ram, 1, NULL, 0), OK); /* one frame of records, 16 free ones */
    platform_hart = 5;
    drop(take(0));
    assert_int_equal(caches[5].count, CACHE_BATCH);
    platform_hart = 0;
    assert_non_null(take(3));
    check_invariants();
    for (unsigned i = 0; i < 8; i++)
        assert_non_null(take(0));
    assert_null(take(0));
}

static void test_wrong_drops_fault(void **unused)
{
    char *pair, *single;
    int local;

    (void)unused;
    begin_whole();
    pair = take(1);
    single = take(0);
    EXPECT_FAULT("not the base", drop(pair + PAGE_BYTES));
    EXPECT_FAULT("not the base", drop(pair + 8));
    EXPECT_FAULT("not the base", drop(&local));
    EXPECT_FAULT("not the base", drop(pool.rams[0].blocks));
    drop(single);
    EXPECT_FAULT("not the base", drop(single));
    drop(pair);
    EXPECT_FAULT("not the base", drop(pair));
    drop(NULL);
    check_invariants();
}

static void test_describe_finds_the_block_of_any_address(void **unused)
{
    char *base;
    enum frame_use use;
    unsigned order;
    paddr block;

    (void)unused;
    begin_whole();
    base = take_use(5, FRAME_STATE);
    for (uint64_t i = 0; i < 32 * PAGE_BYTES; i += 1000) {
        assert_int_equal(frame_describe(pointer_to_physical(base + i), &use, &block, &order), OK);
        assert_int_equal(use, FRAME_STATE);
        assert_ptr_equal(block.value, base);
        assert_int_equal(order, 5);
    }
    drop(base);
    assert_int_equal(frame_describe(pointer_to_physical(base), &use, &block, &order), OK);
    assert_int_equal(use, FRAME_FREE);
    base = take(0);
    drop(base);
    assert_int_equal(frame_describe(pointer_to_physical(base), &use, &block, &order), OK);
    assert_int_equal(use, FRAME_FREE);
    assert_int_equal(frame_describe((paddr){0}, &use, &block, &order), ERR_NOT_FOUND);
    assert_int_equal(frame_describe((paddr){UINT64_MAX}, &use, &block, &order), ERR_NOT_FOUND);
    assert_int_equal(frame_describe((paddr){ARENA + ARENA_BYTES}, &use, &block, &order),
                     ERR_NOT_FOUND);
    assert_string_equal(frame_use_name(FRAME_SLAB), "slab");
    assert_string_equal(frame_use_name((enum frame_use)99), "unknown");
}

static void test_slab_of_finds_only_slabs(void **unused)
{
    char *slab, *other;

    (void)unused;
    begin_whole();
    slab = take_use(3, FRAME_SLAB);
    other = take_use(3, FRAME_TEXT);
    for (unsigned i = 0; i < 8 * PAGE_BYTES; i += 511) {
        assert_ptr_equal(frame_slab_of(slab + i), slab);
        assert_null(frame_slab_of(other + i));
    }
    assert_null(frame_slab_of(NULL));
    drop(slab);
    assert_null(frame_slab_of(slab));
}

/* The model: which block every frame belongs to. */
struct model_block {
    char *base;
    unsigned order;
    enum frame_use use;
};

static void model_step(struct random *random, struct model_block *blocks, unsigned *count,
                       bool *taken, uint64_t *used)
{
    struct model_block block = {
        .order = (unsigned)random_below(random, 3) * (unsigned)random_below(random, 4),
        .use = FRAME_SLAB + (unsigned)random_below(random, FRAME_USES - FRAME_SLAB)};
    bool freeing = *count == 400 || (*count > 0 && random_below(random, 100) < 45);

    platform_hart = (unsigned)random_below(random, MAX_HARTS);
    if (freeing) {
        unsigned chosen = (unsigned)random_below(random, *count);

        block = blocks[chosen];
        blocks[chosen] = blocks[--*count];
        drop(block.base);
    } else {
        block.base = take_use(block.order, block.use);
        assert_non_null(block.base);
        assert_int_equal((uintptr_t)block.base % (PAGE_BYTES << block.order), 0);
        blocks[(*count)++] = block;
    }
    for (uint64_t i = 0; i < 1ul << block.order; i++) {
        bool *frame = &taken[((uint64_t)(uintptr_t)block.base - ARENA) / PAGE_BYTES + i];

        assert_int_equal(*frame, freeing);
        *frame = !freeing;
    }
    used[block.use] += freeing ? -(1ul << block.order) : 1ul << block.order;
}

static void check_model(const struct model_block *blocks, unsigned count, const uint64_t *used)
{
    struct frame_stats stats;

    check_invariants();
    frame_stats(&stats);
    for (unsigned use = FRAME_SLAB; use < FRAME_USES; use++)
        assert_int_equal(stats.used[use], used[use]);
    for (unsigned i = 0; i < count; i++) {
        enum frame_use use;
        unsigned order;
        paddr base;

        assert_int_equal(frame_describe(pointer_to_physical(blocks[i].base), &use, &base, &order),
                         OK);
        assert_int_equal(use, blocks[i].use);
        assert_int_equal(order, blocks[i].order);
    }
}

static void test_random_use_agrees_with_a_model(void **unused)
{
    static bool taken[ARENA_FRAMES];

    (void)unused;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct random random = {seed};
        struct model_block blocks[400];
        uint64_t used[FRAME_USES] = {0};
        struct frame_stats before, after;
        unsigned count = 0;

        memset(taken, 0, sizeof taken);
        begin_whole();
        frame_stats(&before);
        for (unsigned step = 0; step < 5000; step++) {
            model_step(&random, blocks, &count, taken, used);
            if (step % 1000 == 0)
                check_model(blocks, count, used);
        }
        while (count > 0)
            drop(blocks[--count].base);
        frame_drain();
        frame_stats(&after);
        assert_memory_equal(&before, &after, sizeof before);
        check_invariants();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_largest_aligned_blocks_cover_the_arena),
        cmocka_unit_test(test_reserved_ranges_are_never_given_out),
        cmocka_unit_test(test_bookkeeping_goes_into_the_first_gap),
        cmocka_unit_test(test_several_ranges_of_ram_do_not_join),
        cmocka_unit_test(test_ranges_of_ram_that_adjoin_are_one),
        cmocka_unit_test(test_ram_that_cannot_be_managed_is_refused),
        cmocka_unit_test(test_blocks_are_aligned_to_their_size),
        cmocka_unit_test(test_invalid_requests_fail),
        cmocka_unit_test(test_all_merges_after_exhaustion),
        cmocka_unit_test(test_caches_serve_their_hart_and_drain),
        cmocka_unit_test(test_a_full_cache_gives_back_a_batch),
        cmocka_unit_test(test_cached_frames_serve_a_large_block_in_need),
        cmocka_unit_test(test_wrong_drops_fault),
        cmocka_unit_test(test_describe_finds_the_block_of_any_address),
        cmocka_unit_test(test_slab_of_finds_only_slabs),
        cmocka_unit_test(test_random_use_agrees_with_a_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
