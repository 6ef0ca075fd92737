/* The heap (abi/nucleus/heap.h): kinds, their slabs, and the objects in them, as in
 * abi/nucleus/memory_records.h. Which slots are free stands in the slab's header, never inside of the
 * objects: so a free of the wrong address is found out, and a write to freed memory damages no list.
 * Locks: that of the list of kinds before that of a kind; that before the frame allocator's. */
#include "heap_private.h"

#include "frame_private.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"

#define SLOTS_WANTED 8u /* in slabs of less than 2^SLAB_ORDER frames */
#define SLAB_ORDER 3u
#define POISON 0x5a5a5a5a5a5a5a5aul
#define POISON_BYTES 64u /* all, when MITOS_DEBUG */

/* Sizes of buffers: 2^n and 3 * 2^n, then such as divide a slab well, then all of one but its header. */
static const uint32_t buffer_bytes[] = {
    16,    32,    48,     64,     96,     128,     192,     256,     384,    512,
    768,   1024,  1536,   2048,   3072,   4096,    5440,    8160,    10880,  16320,
    32640, 65408, 130944, 262016, 524160, 1048448, 2097024, 4194176, 8388480};
#define BINS (sizeof buffer_bytes / sizeof buffer_bytes[0])
_Static_assert(sizeof(struct slab) <= 128 && HEAP_MAX_BYTES <= 8388480, "see buffer_bytes");

static struct {
    struct spinlock lock;
    /* lock guards: */
    struct list kinds;
} heap;

/* Where all other kinds live, each with its bins behind it. */
static struct kind kind_kind;
static struct bin kind_bins[BINS];

static struct kind *kind_at(const struct list *node)
{
    return list_entry(node, struct kind, link);
}

static void bin_init(struct bin *bin, size_t slot_bytes, size_t alignment)
{
    list_init(&bin->partial);
    bin->slot_bytes = slot_bytes;
    bin->first = align_up(sizeof(struct slab), alignment);
    bin->order = 0;
    do
        bin->slots = (uint32_t)(((PAGE_BYTES << bin->order) - bin->first) / slot_bytes);
    while (bin->slots < (bin->order < SLAB_ORDER ? SLOTS_WANTED : 1) && ++bin->order);
}

/* Fills in all but the place in the list of kinds. */
static void kind_init(struct kind *kind, struct bin *bins, struct cell *owner,
                      const struct kind_type *type)
{
    const size_t bytes = type->object_bytes, align = bytes ? type->alignment : 16;

    *kind = (struct kind){.object_bytes = bytes,
                          .alignment = align,
                          .signature = type->signature,
                          .bins = bins,
                          .owner = owner};
    list_init(&kind->slabs);
    string_copy(kind->name, sizeof kind->name, type->name);
    if (bytes > 0)
        bin_init(bins, align_up(bytes + type->room, align), align);
    for (unsigned i = 0; bytes == 0 && i < BINS; i++)
        bin_init(&bins[i], buffer_bytes[i], align);
}

void heap_init(void)
{
    kind_init(&kind_kind, kind_bins, NULL, &(struct kind_type){.name = "kind"});
    list_init(&heap.kinds);
    list_push_back(&heap.kinds, &kind_kind.link);
}

/* Of that owner and name; NULL: none. */
static struct kind *kind_named(const struct cell *owner, const char *name) REQUIRES(heap.lock)
{
    list_each(node, &heap.kinds) {
        if (kind_at(node)->owner == owner && strcmp(kind_at(node)->name, name) == 0)
            return kind_at(node);
    }
    return NULL;
}

enum status kind_create_for(struct cell *owner, struct kind **kind, const struct kind_type *type)
{
    const size_t bins = type->object_bytes == 0 ? BINS : 1, alignment = type->alignment;
    OWN(spin_guard) guard = {0};
    enum status status = OK;
    struct kind *made;

    if (type->object_bytes > HEAP_MAX_BYTES || type->room > HEAP_MAX_BYTES - type->object_bytes ||
        (type->object_bytes && (alignment < 8 || alignment > PAGE_BYTES)) ||
        (alignment & (alignment - 1)) != 0 || strlen(type->name) >= KIND_NAME_ROOM)
        return ERR_INVALID;
    made = heap_alloc_bytes(&kind_kind, sizeof *made + bins * sizeof(struct bin));
    if (!made)
        return ERR_NOMEM;
    kind_init(made, (struct bin *)(made + 1), owner, type);
    spin_lock(&guard, &heap.lock);
    if (kind_named(owner, type->name))
        status = ERR_EXISTS;
    else
        list_push_back(&heap.kinds, &made->link);
    spin_unlock(&guard, &heap.lock);
    if (status == OK)
        *kind = made;
    else
        heap_free(&kind_kind, made);
    return status;
}

enum status kind_create(struct kind **kind, const struct kind_type *type)
{
    return kind_create_for(cell_of_caller((uint64_t)__builtin_return_address(0)), kind, type);
}

/* Unchecked: all other harts stand still. */
struct kind *kind_find(const struct kind_type *type) UNCHECKED
{
    return kind_named(cell_of_caller((uint64_t)__builtin_return_address(0)), type->name);
}

/* Adds a slab to a bin that has no free slot. @return false: no memory. */
static SLOW bool slab_make(struct kind *kind, struct bin *bin) REQUIRES(kind->lock)
{
    OWN(frames) block = {0};
    struct slab *slab;

    if (!frames_alloc(&block, bin->order, FRAME_SLAB))
        return false;
    slab = frames_leak(&block);
    *slab = (struct slab){.kind = kind, .bin = bin};
    list_push_front(&kind->slabs, &slab->all);
    list_push_front(&bin->partial, &slab->partial);
    return true;
}

static SLOW void slab_release(struct slab *slab)
{
    OWN(frames) block = {0};

    list_remove(&slab->all);
    list_remove(&slab->partial);
    slab->kind = NULL;
    frames_adopt(&block, slab);
    frames_drop(&block);
}

/* Gives slabs of @p kind back to the frame allocator: those without objects, or all of them. */
static void slabs_release(struct kind *kind, bool all) REQUIRES(irqs_off)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &kind->lock);
    for (struct list *node = kind->slabs.next, *next; node != &kind->slabs; node = next) {
        struct slab *slab = list_entry(node, struct slab, all);

        next = node->next;
        if (all || slab->used == 0)
            slab_release(slab);
    }
    spin_unlock_nested(&guard, &kind->lock);
}

/* Ends @p only, or with NULL every kind of @p owner, with its slabs and what lives in them. Unless @p force,
 * none of them while objects live: ERR_BUSY. (`live` is read without the kind's lock: who could still
 * allocate at the same time could do so just after, too.) */
static enum status kinds_end(const struct cell *owner, const struct kind *only, bool force,
                             struct why *why)
{
    OWN(spin_guard) guard = {0};
    enum status status = OK;

    spin_lock(&guard, &heap.lock);
    list_each(node, &heap.kinds) {
        const struct kind *kind = kind_at(node);

        if (!force && kind->live > 0 && (only ? kind == only : kind->owner == owner))
            status =
                why_set(why, ERR_BUSY, "%lu objects of its kind %s live", kind->live, kind->name);
    }
    for (struct list *node = heap.kinds.next, *next; status == OK && node != &heap.kinds;
         node = next) {
        struct kind *kind = kind_at(node);

        next = node->next;
        if (only ? kind == only : kind->owner == owner) {
            slabs_release(kind, true);
            list_remove(node);
            heap_free(&kind_kind, kind);
        }
    }
    spin_unlock(&guard, &heap.lock);
    return status;
}

enum status kind_destroy(struct kind *kind)
{
    return kinds_end(NULL, kind, false, NULL);
}

enum status kind_destroy_all(struct cell *owner, bool force, struct why *why)
{
    return kinds_end(owner, NULL, force, why);
}

void heap_drain(void)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &heap.lock);
    list_each(node, &heap.kinds)
        slabs_release(kind_at(node), false);
    spin_unlock(&guard, &heap.lock);
}

/* Unchecked: while all other harts stand still nobody is within a change, and a lock may be theirs. */
static void visit_held(bool (*visit)(const struct kind *kind, void *argument), void *argument) UNCHECKED
{
    struct list *node = heap.kinds.next;

    while (node != &heap.kinds && visit(kind_at(node), argument))
        node = node->next;
}

void kinds_visit(bool (*visit)(const struct kind *kind, void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};
    bool more = true;

    if (harts_are_held()) {
        visit_held(visit, argument);
        return;
    }
    spin_lock(&guard, &heap.lock);
    for (struct list *node = heap.kinds.next; more && node != &heap.kinds; node = node->next) {
        OWN(spin_guard) inner = {0};
        struct kind *kind = kind_at(node);

        spin_lock_nested(&inner, &kind->lock);
        more = visit(kind, argument);
        spin_unlock_nested(&inner, &kind->lock);
    }
    spin_unlock(&guard, &heap.lock);
}

/* The first free slot of the first slab that has one, or of a new one. @return NULL: no memory. */
static inline void *object_take(struct kind *kind, struct bin *bin)
{
    OWN(spin_guard) guard = {0};
    void *object = NULL;

    spin_lock(&guard, &kind->lock);
    if (!list_empty(&bin->partial) || slab_make(kind, bin)) {
        struct slab *slab = list_entry(bin->partial.next, struct slab, partial);
        uint64_t *word = slab->live;

        while (~*word == 0)
            word++;
        object = slab_object(slab, (uint64_t)(64 * (word - slab->live) + __builtin_ctzl(~*word)));
        *word |= *word + 1;
        kind->live++;
        if (++slab->used == bin->slots)
            list_remove(&slab->partial);
    }
    spin_unlock(&guard, &kind->lock);
    return object;
}

void *heap_alloc(struct kind *kind)
{
    if (kind->object_bytes == 0)
        fault_caller("heap_alloc: kind %s has buffers of any size", kind->name);
    return object_take(kind, kind->bins);
}

void *heap_alloc_bytes(struct kind *kind, size_t bytes)
{
    struct bin *bin = kind->bins;
    void *object;

    if (kind->object_bytes != 0)
        fault_caller("heap_alloc_bytes: kind %s has objects of one size", kind->name);
    if (bytes > HEAP_MAX_BYTES)
        return NULL;
    while (bin->slot_bytes < bytes)
        bin++;
    object = object_take(kind, bin);
    if (object) /* what was there before would keep a cell that it leads into (cell reclaim) */
        memset((char *)object + bytes, 0, bin->slot_bytes - bytes);
    return object;
}

/* Enters a slab that was full among those with a free slot, in order of address: objects gather in the first
 * slabs, and the last ones become empty. */
static SLOW void partial_enter(struct bin *bin, struct slab *slab)
{
    struct list *before = &bin->partial;

    while (before->next != &bin->partial && before->next < &slab->partial)
        before = before->next;
    list_insert_between(&slab->partial, before, before->next);
}

/* Frees an object. @return NULL, or what is wrong with @p object, a text; then nothing has changed. */
static inline const char *object_give(struct kind *kind, struct slab *slab, uint64_t *object)
    REQUIRES(kind->lock)
{
    struct bin *bin = slab->bin;
    uint64_t slot = slab_slot(slab, object), bytes = bin->slot_bytes;

    if (slot >= bin->slots)
        return "is no object, but in the heap's own memory";
    if (object != slab_object(slab, slot))
        return "is inside of an object, not its start";
    if (!slab_holds(slab, slot))
        return "is free already";
    bytes = bytes < POISON_BYTES || MITOS_DEBUG ? bytes : POISON_BYTES;
    for (uint64_t i = 0; i < bytes / 8; i++)
        object[i] = POISON;
    slab->live[slot / 64] &= ~(1ul << slot % 64);
    kind->live--;
    if (slab->used-- == bin->slots)
        partial_enter(bin, slab);
    /* One empty slab is kept, as the only one with free slots, unless it is for a single object. */
    if (slab->used == 0 && (bin->partial.next != bin->partial.previous || bin->slots == 1))
        slab_release(slab);
    return NULL;
}

/* A slab of this kind that holds the object cannot go away; whether it is one is known under the lock. */
void heap_free(struct kind *kind, void *object)
{
    OWN(spin_guard) guard = {0};
    struct slab *slab = frame_slab_of(object);
    const char *wrong = slab ? "is of another kind" : "is not in the heap";

    if (!object)
        return;
    spin_lock(&guard, &kind->lock);
    if (slab && slab->kind == kind)
        wrong = object_give(kind, slab, object);
    spin_unlock(&guard, &kind->lock);
    if (wrong)
        fault_caller("heap_free: %p, freed as a %s, %s", object, kind->name, wrong);
}
