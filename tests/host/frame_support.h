/*
 * For test_frame: the frame allocator with its source included, to begin anew with other RAM in each test, and
 * the check of its invariants.
 */
#ifndef TESTS_FRAME_SUPPORT_H
#define TESTS_FRAME_SUPPORT_H

#include "frame.c"

#include <stdlib.h>

#include "inspect.h"
#include "platform.h"

#define ARENA ((uint64_t)(uintptr_t)platform_arena)
#define ARENA_FRAMES (ARENA_BYTES / PAGE_BYTES)
#define RECORD_FRAMES (ARENA_FRAMES * sizeof(struct frame_block) / PAGE_BYTES)

/* What frame_init() said is free. */
static uint64_t free_at_first;

static struct physical_range whole_arena(void)
{
    return (struct physical_range){ARENA, ARENA_BYTES};
}

static enum status begin(const struct physical_range *rams, unsigned ram_count,
                         const struct physical_range *reserved, unsigned reserved_count)
{
    enum status status;

    memset(&pool, 0, sizeof pool);
    memset(caches, 0, sizeof caches);
    platform_hart = 0;
    status = frame_init(rams, ram_count, reserved, reserved_count, &free_at_first, NULL);
    platform_check_idle();
    return status;
}

static void begin_whole(void)
{
    struct physical_range ram = whole_arena();

    assert_int_equal(begin(&ram, 1, NULL, 0), OK);
}

static void *take_use(unsigned order, enum frame_use use)
{
    frames block = {0};

    if (!frames_alloc(&block, order, use)) {
        assert_null(block.base);
        return NULL;
    }
    platform_check_idle();
    return frames_leak(&block);
}

static void *take(unsigned order)
{
    return take_use(order, FRAME_OTHER);
}

static void drop(void *base)
{
    frames block = {0};

    frames_adopt(&block, base);
    frames_drop(&block);
    assert_null(block.base);
    platform_check_idle();
}

/* INV-FRAME-1 and 2, and that every free list and the figures agree with the records. */
static void check_invariants(void)
{
    uint64_t listed = 0, found = 0, total = 0, joined = 0;
    struct frame_stats stats;

    for (unsigned order = 0; order < ORDERS; order++) {
        list_each(node, &pool.free[order]) {
            assert_int_equal(block_at((uint64_t)node)->use, FRAME_FREE);
            assert_int_equal(block_at((uint64_t)node)->order, order);
            listed += 1ul << order;
        }
    }
    for (unsigned i = 0; i < FRAME_MAX_RAMS; i++) {
        uint64_t base = pool.rams[i].base, end = base + pool.rams[i].bytes;

        total += pool.rams[i].bytes / PAGE_BYTES;
        /* What a block of the range before takes of this one. */
        while (base < joined && base < end) {
            assert_int_equal(block_at(base)->use, FRAME_INSIDE);
            base += PAGE_BYTES;
        }
        while (base < end) {
            const struct frame_block *block = block_at(base), *buddy;
            uint64_t bytes = PAGE_BYTES << block->order;

            buddy = block_at(base ^ bytes);
            assert_int_not_equal(block->use, FRAME_INSIDE);
            assert_int_equal(base % bytes, 0);
            for (uint64_t inner = PAGE_BYTES; inner < bytes; inner += PAGE_BYTES) {
                assert_non_null(block_at(base + inner));
                assert_int_equal(block_at(base + inner)->use, FRAME_INSIDE);
                assert_int_equal(block_at(base + inner)->order, 0);
            }
            if (block->use == FRAME_FREE) {
                found += 1ul << block->order;
                assert_true(!buddy || buddy->use != FRAME_FREE || buddy->order != block->order ||
                            block->order == FRAME_MAX_ORDER);
            }
            base += bytes;
        }
        joined = base;
    }
    frame_stats(&stats);
    assert_int_equal(listed, found);
    assert_int_equal(stats.total, total);
    assert_int_equal(stats.free, found + stats.cached);
}

#endif
