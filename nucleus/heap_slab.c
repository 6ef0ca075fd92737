/* Slabs, and the objects in them (heap_slab.h). Free slots are bits in the header, never links inside of
 * the objects: so a free of the wrong address is found out, and a write to freed memory damages no list. */
#include "heap_slab.h"

#include "frame_private.h"
#include "nucleus/hart.h"
#include "nucleus/string.h"

#define SLAB_MOST_ORDER 3u
#define SLOTS_WANTED 8u
#define POISON 0x5a5a5a5a5a5a5a5aul

#if MITOS_DEBUG
#define POISON_WHOLE true
#else
#define POISON_WHOLE false
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
    bin->slot_bytes = slot_bytes;
    bin->empty = NULL;
    list_init(&bin->partial);
    return bin->slots >= 2;
}

/* A new slab, all slots free; in no bin's list yet. */
static struct slab *slab_make(struct kind *kind, uint32_t order, uint64_t slot_bytes,
                              uint64_t first, uint64_t slots) REQUIRES(kind->lock)
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
    for (uint64_t i = 0; i < slots; i += 64)
        slab->free[i / 64] = slots - i >= 64 ? UINT64_MAX : (1ul << (slots - i)) - 1;
    list_init(&slab->partial);
    list_push_front(&kind->slabs, &slab->all);
    return slab;
}

void slab_release(struct kind *kind, struct slab *slab)
{
    frames block;

    (void)kind; /* names the lock */
    list_remove(&slab->all);
    list_remove(&slab->partial);
    if (slab->bin && slab->bin->empty == slab)
        slab->bin->empty = NULL;
    slab->kind = NULL;
    frames_adopt(&block, slab);
    frames_drop(&block);
}

/* Marks the first free slot used; there is one. */
static FAST void *slab_take(struct slab *slab)
{
    uint64_t i = 0, slot;

    while (slab->free[i] == 0)
        i++;
    slot = 64 * i + (uint64_t)__builtin_ctzl(slab->free[i]);
    slab->free[i] &= slab->free[i] - 1;
    slab->used++;
    return slab_object(slab, slot);
}

/* Adds a slab to a bin that has no free slot. @return false: no memory. */
static SLOW bool bin_extend(struct kind *kind, struct bin *bin) REQUIRES(kind->lock)
{
    struct slab *slab = slab_make(kind, bin->order, bin->slot_bytes, bin->first, bin->slots);

    if (!slab)
        return false;
    slab->bin = bin;
    list_push_front(&bin->partial, &slab->partial);
    return true;
}

static FAST void *bin_take(struct kind *kind, struct bin *bin) REQUIRES(kind->lock)
{
    struct slab *slab;

    if (list_empty(&bin->partial) && !bin_extend(kind, bin))
        return NULL;
    slab = list_entry(bin->partial.next, struct slab, partial);
    if (slab == bin->empty)
        bin->empty = NULL;
    if (slab->used + 1 == slab->slots)
        list_remove(&slab->partial);
    return slab_take(slab);
}

/* An object that gets a slab of its own. */
static SLOW void *large_take(struct kind *kind, size_t bytes) REQUIRES(kind->lock)
{
    size_t first = align_up(sizeof(struct slab) + 8, kind->alignment);
    uint32_t order = 0;
    struct slab *slab;

    while (PAGE_BYTES << order < first + bytes)
        order++;
    slab = slab_make(kind, order, align_up(bytes, 16), first, 1);
    return slab ? slab_take(slab) : NULL;
}

/* From bin number @p bin, or with a slab of its own when there is no such bin. */
static FAST void *object_take(struct kind *kind, unsigned bin, size_t bytes)
{
    OWN(spin_guard) guard = {0};
    void *object;

    spin_lock(&guard, &kind->lock);
    if (bin < kind->bin_count)
        object = bin_take(kind, &kind->bins[bin]);
    else
        object = large_take(kind, bytes);
    spin_unlock(&guard, &kind->lock);
    return object;
}

void *heap_alloc(struct kind *kind)
{
    if (kind->object_bytes == 0)
        fault_caller("heap_alloc: kind %s has buffers of any size", kind->name);
    return object_take(kind, 0, kind->object_bytes);
}

void *heap_alloc_bytes(struct kind *kind, size_t bytes)
{
    unsigned bin = 0;

    if (kind->object_bytes != 0)
        fault_caller("heap_alloc_bytes: kind %s has objects of one size", kind->name);
    if (bytes > HEAP_MAX_BYTES)
        return NULL;
    while (bin < BINS && kind->bins[bin].slot_bytes < bytes)
        bin++;
    return object_take(kind, bin, bytes);
}

uint64_t slab_slot(const struct slab *slab, const void *address)
{
    uint64_t distance = (uint64_t)((uintptr_t)address - (uintptr_t)slab - slab->first);
    uint64_t slot = distance / slab->slot_bytes;

    return slot < slab->slots ? slot : slab->slots;
}

static FAST void poison(uint64_t *words, uint64_t bytes)
{
    if (bytes >= 64) {
        words[0] = words[1] = words[2] = words[3] = POISON;
        words[4] = words[5] = words[6] = words[7] = POISON;
    }
    if (bytes < 64 || POISON_WHOLE)
        memset(words, POISON & 0xff, bytes);
}

/* Frees a slot. @return NULL, or what is wrong with @p object, a text; then nothing has changed. */
static FAST const char *slab_give(struct kind *kind, struct slab *slab, void *object)
    REQUIRES(kind->lock)
{
    uint64_t slot = slab_slot(slab, object);
    struct bin *bin = slab->bin;

    if (slot == slab->slots)
        return "is no object, but in the heap's own memory";
    if (object != slab_object(slab, slot))
        return "is inside of an object, not its start";
    if (slab_is_free(slab, slot))
        return "is free already";
    poison(object, slab->slot_bytes);
    slab->free[slot / 64] |= 1ul << slot % 64;
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

static SLOW _Noreturn void free_fault(struct kind *kind, void *object, const char *wrong)
{
    struct kind_info info;
    void *start;
    bool live;

    if (wrong)
        fault_caller("heap_free: %p, freed as a %s, %s", object, kind->name, wrong);
    if (heap_describe(object, &info, &start, &live) == OK)
        fault_caller("heap_free: %p, freed as a %s, is of kind %s", object, kind->name, info.name);
    fault_caller("heap_free: %p, freed as a %s, is not in the heap", object, kind->name);
}

/* A slab of this kind that holds the object cannot go away; whether it is one is known under the lock. */
void heap_free(struct kind *kind, void *object)
{
    OWN(spin_guard) guard = {0};
    struct slab *slab = frame_slab_of(object);
    const char *wrong = NULL;
    bool ours;

    if (!object)
        return;
    spin_lock(&guard, &kind->lock);
    ours = slab && slab->kind == kind;
    if (ours)
        wrong = slab_give(kind, slab, object);
    spin_unlock(&guard, &kind->lock);
    if (!ours || wrong)
        free_fault(kind, object, wrong);
}
