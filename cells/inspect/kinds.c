/* Kinds of heap objects, and what the heap knows of an address. Each call is one visit of all kinds. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"

struct kind_search {
    const void *address; /* in a slab of the kind that is wanted; NULL: kind number `index` is */
    unsigned index;
    bool found;
    struct kind_info *info;
    void *object; /* what is at the address */
    bool live;
};

static void describe(const struct kind *kind, struct kind_info *info)
{
    memset(info, 0, sizeof *info);
    string_copy(info->name, sizeof info->name, kind->name);
    string_copy(info->owner, sizeof info->owner, cell_name(kind->owner));
    info->object_bytes = kind->object_bytes;
    info->alignment = kind->alignment;
    info->live = kind->live;
    list_each(node, &kind->slabs) {
        const struct slab *slab = list_entry(node, struct slab, all);

        info->live_bytes += slab->used * slab->bin->slot_bytes;
        info->slab_bytes += PAGE_BYTES << slab->bin->order;
    }
}

/* Whether a slab of @p kind holds the address, and what is there. */
static bool holds(const struct kind *kind, struct kind_search *search)
{
    list_each(node, &kind->slabs) {
        const struct slab *slab = list_entry(node, struct slab, all);
        uint64_t slot = slab_slot(slab, search->address);

        if ((uintptr_t)search->address - (uintptr_t)slab >= PAGE_BYTES << slab->bin->order)
            continue;
        if (slot < slab->bin->slots) {
            search->object = slab_object(slab, slot);
            search->live = slab_holds(slab, slot);
        }
        return true;
    }
    return false;
}

static bool look(const struct kind *kind, void *argument)
{
    struct kind_search *search = argument;

    search->found = search->address ? holds(kind, search) : search->index-- == 0;
    if (search->found)
        describe(kind, search->info);
    return !search->found;
}

EXPORT bool kind_get(unsigned index, struct kind_info *info)
{
    struct kind_search search = {.index = index, .info = info};

    kinds_visit(look, &search);
    return search.found;
}

EXPORT enum status heap_describe(const void *address, struct kind_info *kind, void **object,
                                 bool *live)
{
    struct kind_search search = {.address = address, .info = kind};

    if (!address)
        return ERR_NOT_FOUND;
    kinds_visit(look, &search);
    *object = search.object;
    *live = search.live;
    return search.found ? OK : ERR_NOT_FOUND;
}
