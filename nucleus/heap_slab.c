/* Slabs (heap_slab.h). Free slots are bits in the header, never links inside of the objects: so a free
 * of the wrong address is found out, and a write to freed memory damages no list. */
#include "heap_slab.h"

#include "frame_private.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"

#define SLAB_MOST_ORDER 3u
#define SLOTS_WANTED 8u
#define POISON 0x5a5a5a5a5a5a5a5aul

#if MITOS_DEBUG
#define POISON_BYTES UINT32_MAX
#else
#define POISON_BYTES 64u
#endif

/* The number of slots that fit, and the place of the first one. */
static uint32_t slots_fit(uint32_t order, size_t slot_bytes, size_t alignment, uint32_t *first)
{
    size_t bytes = PAGE_BYTES << order, slots = (bytes - sizeof(struct slab)) / slot_bytes;

    for (;; slots--) {
        *first = (uint32_t)align_up(sizeof(struct slab) + (slots + 63) / 64 * 8, alignment);
        if (slots == 0 || *first + slots * slot_bytes <= bytes)
            return (uint32_t)slots;
    }
}

bool bin_init(struct bin *bin, size_t slot_bytes, size_t alignment)
{
    uint32_t order = 0;

    do
        bin->slots = slots_fit(order, slot_bytes, alignment, &bin->first);
    while (bin->slots < SLOTS_WANTED && ++order <= SLAB_MOST_ORDER);
    bin->order = order <= SLAB_MOST_ORDER ? order : SLAB_MOST_ORDER;
    bin->slot_bytes = (uint32_t)slot_bytes;
    bin->empty = NULL;
    list_init(&bin->partial);
    return bin->slots >= 2;
}

/* A new slab, all slots free; in no bin's list yet. */
static struct slab *slab_make(struct kind *kind, uint32_t order, uint32_t slot_bytes, uint32_t first,
                              uint32_t slots) REQUIRES(kind->lock)
{
    frames block = {0};
    struct slab *slab;

    if (!frames_alloc(&block, order, FRAME_SLAB))
        return NULL;
    slab = frames_leak(&block);
    slab->kind = kind;
    slab->bin = NULL;
    slab->slot_bytes = slot_bytes;
    slab->first = first;
    slab->slots = slots;
    slab->used = 0;
    slab->order = order;
    for (uint32_t i = 0; i < slots; i += 64)
        slab->free[i / 64] = slots - i >= 64 ? UINT64_MAX : (1ul << (slots - i)) - 1;
    list_init(&slab->partial);
    list_push_front(&kind->slabs, &slab->all);
    kind->slab_bytes += PAGE_BYTES << order;
    return slab;
}

void slab_release(struct kind *kind, struct slab *slab)
{
    frames block;

    kind->slab_bytes -= PAGE_BYTES << slab->order;
    list_remove(&slab->all);
    list_remove(&slab->partial);
    if (slab->bin && slab->bin->empty == slab)
        slab->bin->empty = NULL;
    slab->kind = NULL;
    frames_adopt(&block, slab);
    frames_drop(&block);
}

/* Marks the first free slot used; there is one. */
static void *slab_take(struct kind *kind, struct slab *slab) REQUIRES(kind->lock)
{
    uint32_t i = 0, slot;

    while (slab->free[i] == 0)
        i++;
    slot = 64 * i + (uint32_t)__builtin_ctzl(slab->free[i]);
    slab->free[i] &= slab->free[i] - 1;
    slab->used++;
    kind->live++;
    kind->live_bytes += slab->slot_bytes;
    return slab_object(slab, slot);
}

void *bin_take(struct kind *kind, struct bin *bin)
{
    struct slab *slab;

    if (list_empty(&bin->partial)) {
        slab = slab_make(kind, bin->order, bin->slot_bytes, bin->first, bin->slots);
        if (!slab)
            return NULL;
        slab->bin = bin;
        list_push_front(&bin->partial, &slab->partial);
    }
    slab = list_entry(bin->partial.next, struct slab, partial);
    if (slab == bin->empty)
        bin->empty = NULL;
    if (slab->used + 1 == slab->slots)
        list_remove(&slab->partial);
    return slab_take(kind, slab);
}

void *large_take(struct kind *kind, size_t bytes)
{
    size_t first = align_up(sizeof(struct slab) + 8, kind->alignment);
    uint32_t order = 0;
    struct slab *slab;

    while (PAGE_BYTES << order < first + bytes)
        order++;
    slab = slab_make(kind, order, (uint32_t)align_up(bytes, 16), (uint32_t)first, 1);
    return slab ? slab_take(kind, slab) : NULL;
}

uint32_t slab_slot(const struct slab *slab, const void *address)
{
    uint64_t distance = (uint64_t)((uintptr_t)address - (uintptr_t)slab - slab->first);
    uint64_t slot = distance / slab->slot_bytes;

    return slot < slab->slots ? (uint32_t)slot : slab->slots;
}

static void poison(void *object, uint32_t bytes)
{
    uint64_t *words = object;
    uint32_t count = (bytes < POISON_BYTES ? bytes : POISON_BYTES) / 8;

    for (uint32_t i = 0; i < count; i++)
        words[i] = POISON;
}

const char *slab_give(struct kind *kind, struct slab *slab, void *object)
{
    uint32_t slot = slab_slot(slab, object);
    struct bin *bin = slab->bin;

    if (slot == slab->slots)
        return "is no object, but in the heap's own memory";
    if (object != slab_object(slab, slot))
        return "is inside of an object, not its start";
    if (slab_is_free(slab, slot))
        return "is free already";
    poison(object, slab->slot_bytes);
    slab->free[slot / 64] |= 1ul << slot % 64;
    kind->live--;
    kind->live_bytes -= slab->slot_bytes;
    if (bin && slab->used == slab->slots)
        list_push_front(&bin->partial, &slab->partial);
    if (--slab->used > 0)
        return NULL;
    if (bin && !bin->empty)
        bin->empty = slab;
    else
        slab_release(kind, slab);
    return NULL;
}
