/* See heap_support.h. */
#include "heap_support.h"

#include <string.h>

#include "frame_private.h"
#include "nucleus/memory_records.h"

static struct frame_stats frames_before;

static void figures(struct frame_stats *stats)
{
    heap_drain();
    frame_drain();
    frame_stats(stats);
}

int heap_set_up(void **unused)
{
    struct physical_range ram = {(uint64_t)(uintptr_t)platform_arena, ARENA_BYTES};
    uint64_t free;

    (void)unused;
    if (frame_init(&ram, 1, NULL, 0, &free, NULL) != OK)
        return -1;
    heap_init();
    return 0;
}

int heap_note_figures(void **unused)
{
    (void)unused;
    platform_caller = NULL;
    figures(&frames_before);
    return 0;
}

/* After each test all memory is back. */
int heap_compare_figures(void **unused)
{
    struct frame_stats after;

    (void)unused;
    platform_check_idle();
    figures(&after);
    return memcmp(&frames_before, &after, sizeof after);
}

struct kind *make(const char *name, size_t bytes, size_t alignment)
{
    const struct kind_type type = {.name = name, .object_bytes = bytes, .alignment = alignment};
    struct kind *kind = NULL;

    assert_int_equal(kind_create(&kind, &type), OK);
    assert_non_null(kind);
    return kind;
}

void destroy(struct kind *kind)
{
    assert_int_equal(kind_destroy(kind), OK);
}

struct kind_info info_of(const void *object)
{
    struct kind_info info;
    void *start;
    bool live;

    assert_int_equal(heap_describe(object, &info, &start, &live), OK);
    return info;
}

void each_object(const struct kind *kind, bool (*visit)(void *object, void *argument),
                 void *argument)
{
    list_each(node, &kind->slabs) {
        const struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; slot < slab->bin->slots; slot++) {
            if (slab_holds(slab, slot) && !visit(slab_object(slab, slot), argument))
                return;
        }
    }
}

static bool count_live(void *object, void *argument)
{
    assert_non_null(object);
    ++*(unsigned *)argument;
    return true;
}

unsigned live_of(struct kind *kind)
{
    unsigned live = 0;

    each_object(kind, count_live, &live);
    return live;
}
