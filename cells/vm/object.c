/* What a mapping is made of: pages, and the object that has their room (vm_cell.h). */
#include "nucleus/address.h"
#include "nucleus/frame.h"
#include "tables.h"
#include "vm_cell.h"

#define MAPPING_MAX_BYTES GIGAPAGE_BYTES

/* Half the cost of mapping a page: 32 stores a turn. Volatile, else GCC calls memset(). */
static void page_clear(void *page)
{
    volatile uint64_t *word = page, *end = word + PAGE_BYTES / sizeof *word;

    while (word < end) {
#pragma GCC unroll 32
        for (unsigned i = 0; i < 32; i++)
            word[i] = 0;
        word += 32;
    }
}

/* Unchecked: makes the handle. */
UNCHECKED bool page_new(frames *page, bool zeroed)
{
    if (!frames_alloc(page, 0, FRAME_MAPPED))
        return false;
    if (zeroed)
        page_clear(page->base);
    return true;
}

void page_free(void *page)
{
    OWN(frames) frame = {0};

    frames_adopt(&frame, page);
    frames_drop(&frame);
}

static inline struct spare_list *list_of(struct spares *spares, unsigned order)
    REQUIRES(spares->lock);
static inline struct spare_list *list_of(struct spares *spares, unsigned order)
{
    return &spares->lists[order];
}

/* A spare object of that order, or NULL. */
static struct mapping_object *spare_take(struct spares *spares, unsigned order)
{
    OWN(spin_guard) guard = {0};
    struct mapping_object *object;

    spin_lock(&guard, &spares->lock);
    object = list_of(spares, order)->first;
    if (object) {
        list_of(spares, order)->first = object->next_spare;
        list_of(spares, order)->length--;
    }
    spin_unlock(&guard, &spares->lock);
    return object;
}

/* @return false: there are enough. */
static bool spare_give(struct spares *spares, unsigned order, struct mapping_object *object)
{
    OWN(spin_guard) guard = {0};
    bool wanted;

    spin_lock(&guard, &spares->lock);
    wanted = list_of(spares, order)->length < SPARES_KEPT;
    if (wanted) {
        object->range.pages = 0; /* vm_describe() finds nothing here */
        object->next_spare = list_of(spares, order)->first;
        list_of(spares, order)->first = object;
        list_of(spares, order)->length++;
    }
    spin_unlock(&guard, &spares->lock);
    return wanted;
}

static struct mapping_object *object_make(struct vm_state *state, uint32_t pages)
{
    struct mapping_object *object = heap_alloc(state->mappings);

    if (!object)
        return NULL;
    *object = (struct mapping_object){.range.pages = pages};
    if (!area_take(&state->area, &object->range)) {
        heap_free(state->mappings, object);
        return NULL;
    }
    object->first = table_entry(state->area.root, object->range.start);
    return object;
}

struct mapping_object *object_new(size_t bytes)
{
    uint32_t pages = (uint32_t)(align_up(bytes, PAGE_BYTES) >> PAGE_SHIFT);
    struct vm_state *state = vm_state();
    struct mapping_object *object = NULL;
    unsigned order;

    if (bytes == 0 || bytes > MAPPING_MAX_BYTES)
        return NULL;
    order = area_order(pages);
    if (order < SPARE_ORDERS)
        object = spare_take(&state->spares, order);
    if (object) {
        object->range.pages = pages;
        object->device = false;
        object->backing = NULL;
    } else {
        object = object_make(state, pages);
    }
    if (object)
        count_add(&state->counts.mappings, 1);
    return object;
}

static void object_unmake(struct vm_state *state, struct mapping_object *object)
{
    area_give(&state->area, &object->range);
    heap_free(state->mappings, object);
}

void object_free(struct mapping_object *object)
{
    struct vm_state *state = vm_state();
    unsigned order = area_order(object->range.pages);

    count_add(&state->counts.mappings, -1ul);
    if (order >= SPARE_ORDERS || !spare_give(&state->spares, order, object))
        object_unmake(state, object);
}

void spares_drain(void)
{
    struct vm_state *state = vm_state();
    struct mapping_object *object;

    for (unsigned order = 1; order < SPARE_ORDERS; order++) {
        while ((object = spare_take(&state->spares, order))) {
            object->range.pages = (1u << order) - 1; /* what the slot takes, for area_give() */
            object_unmake(state, object);
        }
    }
}
