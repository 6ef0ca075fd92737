/* The cell vm: its state, its start, and what others may ask about it. */
#include "cell.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "tables.h"
#include "vm.h"
#include "vm_cell.h"

CELL_STATE(struct vm_state);

struct vm_state *vm_state(void)
{
    return &state;
}

static void use_table(void *root)
{
    role_assert_irqs_off();
    hart_set_page_table(pointer_to_physical(root));
}

KIND(mapping, "mapping", struct mapping_object);
KIND(backing, "backing", struct backing);

static enum status init(enum cell_reason reason)
{
    enum status status;

    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's, and the harts use its tables */
    status = kind_create(&state.mappings, &kind_mapping);
    if (status != OK)
        return status;
    return kind_create(&state.backings, &kind_backing);
}

static void arenas_add(void)
{
    bool executable;
    void *base;

    for (unsigned i = 0; memory_arena_get(i, &base, &executable); i++)
        vm_arena_added(base, executable);
}

/* All harts run before the first cell is loaded, so this reaches each. */
static enum status start(enum cell_reason reason)
{
    uint64_t *root;

    if (reason == REASON_SWAP) {
        arenas_add(); /* those, too, that came while vm was in quarantine */
        return OK;
    }
    root = direct_map_new();
    if (!root)
        return ERR_NOMEM;
    area_init(&state.area, root);
    hart_each(use_table, root);
    return OK;
}

/* The harts walk our tables: whatever loads vm keeps it. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

static enum status check(void)
{
    OWN(mapping) m = {0};
    volatile uint64_t *word;
    bool good;

    if (!mapping_map(&m, PAGE_BYTES, MAP_WRITE | MAP_LAZY))
        return ERR_NOMEM;
    word = mapping_address(&m);
    good = *word == 0;
    *word = 1;
    good = good && *word == 1;
    mapping_drop(&m);
    return good ? OK : ERR_FAULT;
}

EXPORT void vm_arena_added(void *base, bool executable)
{
    if (!state.area.root)
        return; /* memory_arena_get() will tell */
    direct_map_arena(state.area.root, (uint64_t)base, executable);
    hart_fence_mappings(base, MEGAPAGE_BYTES);
}

EXPORT enum status vm_describe(const void *address, void **start_of, size_t *bytes)
{
    uint64_t at = (uint64_t)address;
    struct range range;

    if (at - VM_AREA_BASE >= VM_AREA_BYTES || !area_find(&state.area, at, &range))
        return ERR_NOT_FOUND;
    *start_of = (void *)range.start;
    *bytes = range.pages * PAGE_BYTES;
    return OK;
}

static uint64_t count_get(const uint64_t *count)
{
    return __atomic_load_n(count, __ATOMIC_RELAXED);
}

EXPORT void vm_stats(struct vm_stats *stats)
{
    const struct vm_counts *counts = &state.counts;

    *stats = (struct vm_stats){
        .mappings = count_get(&counts->mappings),
        .mapped_pages = count_get(&counts->pages),
        .page_tables = count_get(&counts->table_frames),
        .faults_served = count_get(&counts->faults),
        .shootdowns = count_get(&counts->shootdowns),
    };
}

EXPORT void vm_drain(void)
{
    spares_drain();
    area_drain(&state.area);
}

CELL(.name = "vm", .version = "1.0", .summary = "Sv39 page tables, W^X, mappings with demand zero.",
     .provides = "vm", .init = init, .start = start, .stop = stop, .check = check);
