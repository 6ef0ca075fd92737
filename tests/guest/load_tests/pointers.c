/* What outlives a version of a cell must not point into that version's read-only data: cells' state and
 * objects (abi/cell.h, REASON_SWAP). */
#include "image.h"
#include "inspect.h"
#include "nucleus/cells.h"
#include "nucleus/format.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"
#include "nucleus/task.h"

#define CELLS_MOST 48u

struct pointer_search {
    struct span {
        uint64_t start, bytes;
        char name[CELL_NAME_ROOM];
    } rodata[CELLS_MOST];
    unsigned cells;
    unsigned found;
    char first[160]; /* the first that was found */
};

static void search_words(struct pointer_search *search, const char *place, uint64_t start,
                         uint64_t bytes)
{
    for (uint64_t at = start; at + 8 <= start + bytes; at += 8) {
        uint64_t word = *(const volatile uint64_t *)at;

        for (unsigned i = 0; i < search->cells; i++) {
            const struct span *span = &search->rodata[i];

            if (word - span->start >= span->bytes)
                continue;
            if (search->found++ == 0)
                format(search->first, sizeof search->first, "%s+0x%lx: 0x%lx, in %s", place,
                       at - start, word, span->name);
        }
    }
}

/* Objects of cells; the nucleus' own follow the cells anyway. A task's registers are what its stack is. */
static bool search_kind(const struct kind *kind, void *argument)
{
    uint64_t skip = strcmp(kind->name, "task") == 0 ? sizeof(struct registers) : 0;

    if (!kind->owner)
        return true;
    list_each(node, &kind->slabs)
    {
        const struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; slot < slab->bin->slots; slot++)
            if (slab_holds(slab, slot))
                search_words(argument, kind->name, (uint64_t)slab_object(slab, slot) + skip,
                             slab->bin->slot_bytes - skip);
    }
    return true;
}

static void take_spans(struct pointer_search *search)
{
    struct cell_info cell;

    while (search->cells < CELLS_MOST && cell_get(search->cells, &cell)) {
        struct span *span = &search->rodata[search->cells++];

        *span = (struct span){.start = cell.rodata, .bytes = cell.rodata_bytes};
        (void)string_copy(span->name, sizeof span->name, cell.name);
    }
}

TEST(load, no_state_and_no_object_points_into_read_only_data)
{
    struct pointer_search *search = heap_alloc_bytes(test_buffers(), sizeof *search);
    struct cell_info cell;

    if (!CHECK(t, search, "no memory"))
        return;
    memset(search, 0, sizeof *search);
    take_spans(search);
    CHECK(t, search->cells > 5, "%u cells", search->cells);
    for (unsigned i = 0; cell_get(i, &cell); i++)
        search_words(search, cell.name, cell.state, cell.state_bytes);
    kinds_visit(search_kind, search);
    /* The buffer of this search itself holds the start of each. */
    CHECK(t, search->found == search->cells, "%u words, the first in %s", search->found,
          search->first);
    heap_free(test_buffers(), search);
}
