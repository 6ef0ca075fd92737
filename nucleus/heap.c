/* The heap (abi/nucleus/heap.h): kinds. Their objects are the matter of heap_slab.c. Locks: that of the
 * list of kinds before that of a kind; that before the frame allocator's. */
#include "heap_slab.h"

#include "frame_private.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"

static struct {
    struct spinlock lock;
    /* lock guards: */
    struct list kinds;
} heap;

/* Where all other kinds live. */
static struct kind kind_kind;

static struct kind *kind_at(struct list *node)
{
    return list_entry(node, struct kind, kinds);
}

/* Fills in all but the place in the list. Buffers: sizes of 2^n and 3 * 2^n up to 3072, then such as
 * divide a slab well; larger ones get slabs of their own. */
static void kind_init(struct kind *kind, struct cell *owner, const char *name, size_t object_bytes,
                      size_t alignment)
{
    static const uint16_t sizes[BINS] = {16,   32,   48,   64,   96,    128,  192,
                                         256,  384,  512,  768,  1024,  1536, 2048,
                                         3072, 4096, 5440, 8160, 10880, 16320};

    memset(kind, 0, offsetof(struct kind, bins));
    list_init(&kind->slabs);
    string_copy(kind->name, sizeof kind->name, name);
    kind->object_bytes = (uint32_t)object_bytes;
    kind->alignment = (uint32_t)alignment;
    kind->owner = owner;
    if (object_bytes > 0)
        kind->bin_count = bin_init(&kind->bins[0], align_up(object_bytes, alignment), alignment);
    for (unsigned i = 0; object_bytes == 0 && i < BINS; i++)
        kind->bin_count += bin_init(&kind->bins[i], sizes[i], alignment);
}

void heap_init(void)
{
    OWN(spin_guard) guard = {0};

    kind_init(&kind_kind, NULL, "kind", sizeof(struct kind), 8);
    spin_lock(&guard, &heap.lock);
    list_init(&heap.kinds);
    list_push_back(&heap.kinds, &kind_kind.kinds);
    spin_unlock(&guard, &heap.lock);
}

static bool kind_exists(const struct cell *owner, const char *name) REQUIRES(heap.lock)
{
    list_each(node, &heap.kinds) {
        if (kind_at(node)->owner == owner && strcmp(kind_at(node)->name, name) == 0)
            return true;
    }
    return false;
}

enum status kind_create_for(struct cell *owner, struct kind **kind, const char *name,
                            size_t object_bytes, size_t alignment)
{
    OWN(spin_guard) guard = {0};
    enum status status = OK;
    struct kind *made;

    if (object_bytes == 0)
        alignment = 16;
    if (object_bytes > HEAP_MAX_BYTES || alignment < 8 || alignment > PAGE_BYTES ||
        (alignment & (alignment - 1)) != 0 || strlen(name) >= KIND_NAME_ROOM)
        return ERR_INVALID;
    made = heap_alloc(&kind_kind);
    if (!made)
        return ERR_NOMEM;
    kind_init(made, owner, name, object_bytes, alignment);
    spin_lock(&guard, &heap.lock);
    if (kind_exists(owner, name))
        status = ERR_EXISTS;
    else
        list_push_back(&heap.kinds, &made->kinds);
    spin_unlock(&guard, &heap.lock);
    if (status == OK)
        *kind = made;
    else
        heap_free(&kind_kind, made);
    return status;
}

enum status kind_create(struct kind **kind, const char *name, size_t object_bytes, size_t alignment)
{
    return kind_create_for(cell_of_caller((uint64_t)__builtin_return_address(0)), kind, name,
                           object_bytes, alignment);
}

/* Counts what the slabs of @p kind hold. */
static uint64_t kind_count(const struct kind *kind, uint64_t *live_bytes, uint64_t *slab_bytes)
    REQUIRES(kind->lock)
{
    uint64_t live = 0;

    *live_bytes = *slab_bytes = 0;
    list_each(node, &kind->slabs) {
        const struct slab *slab = list_entry(node, struct slab, all);

        live += slab->used;
        *live_bytes += slab->used * slab->slot_bytes;
        *slab_bytes += PAGE_BYTES << slab->order;
    }
    return live;
}

static uint64_t kind_live(struct kind *kind) REQUIRES(irqs_off)
{
    OWN(spin_guard) guard = {0};
    uint64_t live, live_bytes, slab_bytes;

    spin_lock_nested(&guard, &kind->lock);
    live = kind_count(kind, &live_bytes, &slab_bytes);
    spin_unlock_nested(&guard, &kind->lock);
    return live;
}

/* Ends @p kind, its slabs, and what lives in them. */
static void kind_remove(struct kind *kind) REQUIRES(heap.lock, irqs_off)
{
    OWN(spin_guard) guard = {0};

    spin_lock_nested(&guard, &kind->lock);
    while (!list_empty(&kind->slabs))
        slab_release(kind, list_entry(kind->slabs.next, struct slab, all));
    spin_unlock_nested(&guard, &kind->lock);
    list_remove(&kind->kinds);
    heap_free(&kind_kind, kind);
}

static void kinds_remove(const struct cell *owner) REQUIRES(heap.lock, irqs_off)
{
    struct list *next;

    for (struct list *node = heap.kinds.next; node != &heap.kinds; node = next) {
        next = node->next;
        if (kind_at(node)->owner == owner)
            kind_remove(kind_at(node));
    }
}

enum status kind_destroy(struct kind *kind)
{
    OWN(spin_guard) guard = {0};
    enum status status;

    spin_lock(&guard, &heap.lock);
    status = kind_live(kind) > 0 ? ERR_BUSY : OK;
    if (status == OK)
        kind_remove(kind);
    spin_unlock(&guard, &heap.lock);
    return status;
}

enum status kind_destroy_all(struct cell *owner, struct why *why)
{
    OWN(spin_guard) guard = {0};
    enum status status = OK;

    spin_lock(&guard, &heap.lock);
    list_each(node, &heap.kinds) {
        struct kind *kind = kind_at(node);
        uint64_t live = kind->owner == owner ? kind_live(kind) : 0;

        if (live > 0)
            status = why_set(why, ERR_BUSY, "%lu objects of its kind %s live", live, kind->name);
    }
    if (status == OK)
        kinds_remove(owner);
    spin_unlock(&guard, &heap.lock);
    return status;
}

void kind_abandon_all(struct cell *owner)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &heap.lock);
    kinds_remove(owner);
    spin_unlock(&guard, &heap.lock);
}

void kind_set_owner(struct kind *kind, struct cell *owner)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &heap.lock);
    kind->owner = owner;
    spin_unlock(&guard, &heap.lock);
}

void heap_drain(void)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &heap.lock);
    list_each(node, &heap.kinds) {
        struct kind *kind = kind_at(node);
        OWN(spin_guard) inner = {0};

        spin_lock_nested(&inner, &kind->lock);
        for (unsigned i = 0; i < kind->bin_count; i++) {
            if (kind->bins[i].empty)
                slab_release(kind, kind->bins[i].empty);
        }
        spin_unlock_nested(&inner, &kind->lock);
    }
    spin_unlock(&guard, &heap.lock);
}

static void kind_describe(const struct kind *kind, struct kind_info *info) REQUIRES(kind->lock)
{
    string_copy(info->name, sizeof info->name, kind->name);
    info->owner = kind->owner;
    info->object_bytes = kind->object_bytes;
    info->alignment = kind->alignment;
    info->live = kind_count(kind, &info->live_bytes, &info->slab_bytes);
}

void kind_each(bool (*visit)(const struct kind_info *info, void *argument), void *argument)
{
    OWN(spin_guard) guard = {0};
    bool more = true;

    spin_lock(&guard, &heap.lock);
    for (struct list *node = heap.kinds.next; more && node != &heap.kinds; node = node->next) {
        struct kind *kind = kind_at(node);
        OWN(spin_guard) inner = {0};
        struct kind_info info;

        spin_lock_nested(&inner, &kind->lock);
        kind_describe(kind, &info);
        spin_unlock_nested(&inner, &kind->lock);
        more = visit(&info, argument);
    }
    spin_unlock(&guard, &heap.lock);
}

void kind_each_object(struct kind *kind, bool (*visit)(void *object, void *argument),
                      void *argument)
{
    OWN(spin_guard) guard = {0};
    bool more = true;

    spin_lock(&guard, &kind->lock);
    for (struct list *node = kind->slabs.next; more && node != &kind->slabs; node = node->next) {
        struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; more && slot < slab->slots; slot++) {
            if (!slab_is_free(slab, slot))
                more = visit(slab_object(slab, slot), argument);
        }
    }
    spin_unlock(&guard, &kind->lock);
}

/* Fills in what heap_describe() tells, if @p slab is this kind's. */
static bool slab_describe(struct kind *kind, struct slab *slab, const void *address,
                          struct kind_info *info, void **object, bool *live) REQUIRES(irqs_off)
{
    OWN(spin_guard) guard = {0};
    bool ours;

    spin_lock_nested(&guard, &kind->lock);
    ours = slab->kind == kind;
    if (ours) {
        uint64_t slot = slab_slot(slab, address);

        kind_describe(kind, info);
        *object = slot < slab->slots ? slab_object(slab, slot) : NULL;
        *live = slot < slab->slots && !slab_is_free(slab, slot);
    }
    spin_unlock_nested(&guard, &kind->lock);
    return ours;
}

enum status heap_describe(const void *address, struct kind_info *kind, void **object, bool *live)
{
    OWN(spin_guard) guard = {0};
    struct slab *slab = frame_slab_of(address);
    bool found = false;

    if (!slab)
        return ERR_NOT_FOUND;
    spin_lock(&guard, &heap.lock);
    for (struct list *node = heap.kinds.next; !found && node != &heap.kinds; node = node->next)
        found = slab_describe(kind_at(node), slab, address, kind, object, live);
    spin_unlock(&guard, &heap.lock);
    return found ? OK : ERR_NOT_FOUND;
}
