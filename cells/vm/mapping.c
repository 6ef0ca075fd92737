/* Mappings: ranges of VM_AREA with frames behind them.
 *
 * A mapping keeps its frames nowhere but in its page table entries, so one page costs one object
 * and one frame. While it lives its entries are either valid or lazy. Only its owner and the page
 * fault handler (fault.c) write them, and the handler only replaces a lazy entry, by compare and
 * swap; so the owner needs no lock, and a large mapping never holds others up.
 *
 * What is unmapped goes in this order: entries made dead, fence on all harts, frames freed, room
 * given back. So no hart reaches a frame, a table or an address that has found its next user. */
#include "cell.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "tables.h"
#include "vm.h"
#include "vm_cell.h"

/* UNCHECKED below: the functions that make and end the handles. */
#define MAP_FLAGS ((unsigned)MAP_WRITE | MAP_LAZY | MAP_ZERO | MAP_RESERVE)

/* The entry of page number @p page; @p previous is that of the page before. */
static uint64_t *entry_next(const struct mapping_object *object, uint32_t page, uint64_t *previous)
{
    uint64_t address = object->range.start + page * PAGE_BYTES;

    if (page == 0)
        return object->first;
    if (address % MEGAPAGE_BYTES)
        return previous + 1;
    return table_entry(vm_state()->area.root, address);
}

static uint64_t leaf_flags(unsigned flags)
{
    return flags & MAP_WRITE ? LEAF_WRITE : LEAF_READ;
}

static void fence(const struct mapping_object *object)
{
    count_add(&vm_state()->counts.shootdowns, 1);
    hart_fence_mappings((void *)object->range.start, object->range.pages * PAGE_BYTES);
}

/* Makes every entry invalid, keeping the frames' numbers. @return how many were valid. */
static uint32_t entries_kill(struct mapping_object *object)
{
    uint64_t *entry = NULL;
    uint32_t valid = 0;

    for (uint32_t page = 0; page < object->range.pages; page++) {
        uint64_t old;

        entry = entry_next(object, page, entry);
        old = __atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL);
        if (old & ENTRY_VALID) {
            entry_store(entry, entry_make(entry_frame(old), ENTRY_DEAD));
            valid++;
        }
    }
    return valid;
}

/* Clears the dead entries, and frees their frames if @p free_frames. */
static void entries_bury(struct mapping_object *object, bool free_frames)
{
    uint64_t *entry = NULL;

    for (uint32_t page = 0; page < object->range.pages; page++) {
        entry = entry_next(object, page, entry);
        if (*entry && free_frames)
            page_free(entry_pointer(*entry));
        entry_store(entry, 0);
    }
}

/* Whether the frames go with @p object: they are its alone, or it was the last to share them. */
static bool frames_released(struct mapping_object *object)
{
    struct backing *backing = object->backing;

    if (object->device)
        return false;
    if (backing) {
        if (__atomic_sub_fetch(&backing->users, 1, __ATOMIC_ACQ_REL))
            return false;
        heap_free(vm_state()->backings, backing);
    }
    return true;
}

static void object_drop(struct mapping_object *object)
{
    struct vm_state *state = vm_state();
    uint32_t valid = entries_kill(object);
    bool retired = area_is_run(object->range.pages);

    if (retired)
        area_retire(&state->area, &object->range);
    if (valid || retired)
        fence(object);
    /* Counted down behind the fence: the last one frees frames that none can reach any more. */
    if (valid)
        entries_bury(object, frames_released(object));
    else
        (void)frames_released(object);
    if (valid)
        count_add(&state->counts.pages, -(uint64_t)valid);
    object_free(object);
}

static bool fill_with_frames(struct mapping_object *object, unsigned flags)
{
    uint64_t *entry = NULL;
    uint32_t page, left_out = flags & MAP_RESERVE ? 1 : 0;

    for (page = 0; page < object->range.pages; page++) {
        OWN(frames) frame = {0};

        entry = entry_next(object, page, entry);
        if (page < left_out) {
            entry_store(entry, ENTRY_RESERVE);
            continue;
        }
        if (!page_new(&frame, flags & MAP_ZERO))
            break;
        entry_store(entry, entry_make(pointer_to_physical(frames_leak(&frame)),
                                      ENTRY_VALID | leaf_flags(flags)));
    }
    count_add(&vm_state()->counts.pages, page < left_out ? 0 : page - left_out);
    return page == object->range.pages;
}

static void fill_lazily(struct mapping_object *object, unsigned flags)
{
    uint64_t *entry = NULL;

    for (uint32_t page = 0; page < object->range.pages; page++) {
        entry = entry_next(object, page, entry);
        entry_store(entry, ENTRY_LAZY | leaf_flags(flags));
    }
}

/* In these three the handle holds the object from the start: a fault in the rest drops it with the handle. */
EXPORT bool mapping_map(mapping *m, size_t bytes, unsigned flags) UNCHECKED
{
    bool refused = flags & ~MAP_FLAGS || (flags & MAP_RESERVE && flags & MAP_LAZY);
    struct mapping_object *object = refused ? NULL : object_new(bytes);

    if (!object)
        return false;
    m->object = object;
    if (flags & MAP_LAZY)
        fill_lazily(object, flags);
    else if (!fill_with_frames(object, flags))
        mapping_drop(m);
    return m->object;
}

EXPORT bool mapping_map_device(mapping *m, paddr base, size_t bytes) UNCHECKED
{
    struct mapping_object *object = base.value % PAGE_BYTES ? NULL : object_new(bytes);
    uint64_t *entry = NULL;

    if (!object)
        return false;
    m->object = object;
    object->device = true;
    for (uint32_t page = 0; page < object->range.pages; page++) {
        entry = entry_next(object, page, entry);
        entry_store(entry,
                    entry_make((paddr){base.value + page * PAGE_BYTES}, ENTRY_VALID | LEAF_WRITE));
    }
    count_add(&vm_state()->counts.pages, object->range.pages);
    return true;
}

/* Gives every lazy page its frame. @return false: no memory, or a page is left out. */
static bool fill_rest(struct mapping_object *object)
{
    uint64_t *entry = NULL;

    for (uint32_t page = 0; page < object->range.pages; page++) {
        entry = entry_next(object, page, entry);
        if (entry_load(entry) == ENTRY_RESERVE)
            return false;
        while (entry_is_lazy(entry_load(entry))) {
            OWN(frames) frame = {0};

            if (!page_new(&frame, true))
                return false;
            if (entry_fill(entry, frame.base)) {
                (void)frames_leak(&frame); /* the entry has it */
                count_add(&vm_state()->counts.pages, 1);
            } else {
                frames_drop(&frame); /* the page was touched meanwhile */
            }
        }
    }
    return true;
}

/* The backing of @p object with one more user; makes it at the first share. NULL: no memory. */
static struct backing *backing_join(struct mapping_object *object)
{
    struct backing *backing = __atomic_load_n(&object->backing, __ATOMIC_ACQUIRE), *expected = NULL;

    if (!backing) {
        backing = heap_alloc(vm_state()->backings);
        if (!backing)
            return NULL;
        backing->users = 1;
        /* Two may share one mapping at the same time: the first wins. */
        if (!__atomic_compare_exchange_n(&object->backing, &expected, backing, false,
                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            heap_free(vm_state()->backings, backing);
            backing = expected;
        }
    }
    __atomic_fetch_add(&backing->users, 1, __ATOMIC_RELAXED);
    return backing;
}

static void copy_entries(struct mapping_object *to, const struct mapping_object *from,
                         unsigned flags)
{
    uint64_t *entry = NULL, *source = NULL;

    for (uint32_t page = 0; page < to->range.pages; page++) {
        entry = entry_next(to, page, entry);
        source = entry_next(from, page, source);
        entry_store(entry,
                    entry_make(entry_frame(entry_load(source)), ENTRY_VALID | leaf_flags(flags)));
    }
    count_add(&vm_state()->counts.pages, to->range.pages);
}

EXPORT bool mapping_share(mapping *m, const mapping *of, unsigned flags) UNCHECKED
{
    struct mapping_object *from = of->object, *object;

    if (flags & ~MAP_FLAGS || !fill_rest(from))
        return false;
    object = object_new(from->range.pages * PAGE_BYTES);
    if (!object)
        return false;
    m->object = object;
    object->device = from->device;
    if (!object->device) {
        object->backing = backing_join(from);
        if (!object->backing) {
            mapping_drop(m);
            return false;
        }
    }
    copy_entries(object, from, flags);
    return true;
}

EXPORT void mapping_drop(mapping *m) UNCHECKED
{
    struct mapping_object *object = m->object;

    m->object = NULL;
    object_drop(object);
}

EXPORT void mapping_unwind(mapping *m)
{
    if (m->object)
        mapping_drop(m);
}

EXPORT void mapping_protect(mapping *m, unsigned flags)
{
    struct mapping_object *object = m->object;
    uint64_t *entry = NULL;
    bool live = false;

    for (uint32_t page = 0; page < object->range.pages; page++) {
        uint64_t old, new;

        entry = entry_next(object, page, entry);
        do { /* again when a fault gave a lazy page its frame in between */
            old = entry_load(entry);
            new = old == ENTRY_RESERVE ? old : flags &MAP_WRITE ? old | ENTRY_WRITE : old & ~ENTRY_WRITE;
        } while (!entry_replace(entry, old, new));
        live |= old != new &&old &ENTRY_VALID;
    }
    if (live)
        fence(object);
}
