/* The cell table: the list of cells, the nucleus' exports, and what an address is.
 *
 * The nucleus exports every function that a header of abi/nucleus declares. exports.h is made by the build
 * from those headers, so the two cannot disagree. */
#include "cell_private.h"
#include "exports.h"
#include "heap_private.h"
#include "walk.h"

struct cell_table cell_table;
struct kind *stub_kind, *buffer_kind;

#define EXPORT_SYMBOL(f, hash) {.name = #f, .address = (uint64_t)f, .signature = hash},
static struct symbol exports[] = {EACH_EXPORT(EXPORT_SYMBOL)};
#define EXPORTS (sizeof exports / sizeof exports[0])

extern const uint8_t image_start[], text_end[], eh_frame_start[], eh_frame_end[],
    except_table_start[], except_table_end[];
static struct eh_frame nucleus_frames = {.frames = eh_frame_start,
                                         .except_table = except_table_start};

static const struct kind_type stub_type = {.name = "stub", .object_bytes = sizeof(struct stub), .alignment = 8};
static const struct kind_type buffer_type = {.name = "loader buffer"};

void cell_table_init(void)
{
    OWN(spin_guard) guard = {0};

    if (kind_create_for(NULL, &stub_kind, &stub_type) != OK ||
        kind_create_for(NULL, &buffer_kind, &buffer_type) != OK)
        panic("no memory for the first kinds");
    nucleus_frames.frames_address = (uint64_t)eh_frame_start;
    nucleus_frames.frames_bytes = (uint64_t)(eh_frame_end - eh_frame_start);
    nucleus_frames.except_table_address = (uint64_t)except_table_start;
    nucleus_frames.except_table_bytes = (uint64_t)(except_table_end - except_table_start);
    nucleus_frames.text = (uint64_t)image_start;
    nucleus_frames.text_bytes = (uint64_t)(text_end - image_start);
    nucleus_frames.index = heap_alloc_bytes(
        buffer_kind, eh_frame_index(&nucleus_frames, NULL) * sizeof *nucleus_frames.index);
    if (!nucleus_frames.index)
        panic("no memory for the index of the unwind tables");
    nucleus_frames.index_count = eh_frame_index(&nucleus_frames, nucleus_frames.index);
    spin_lock(&guard, &cell_table.lock);
    list_init(table_cells());
    for (unsigned i = 0; i < EXPORTS; i++) {
        if (symbol_insert(&exports[i]) != OK)
            panic("the nucleus exports %s twice", exports[i].name);
    }
    spin_unlock(&guard, &cell_table.lock);
}

const struct symbol *nucleus_export(unsigned index)
{
    return index < EXPORTS ? &exports[index] : NULL;
}

/* Unchecked: a transaction is under way, and none but that changes the list. */
struct unit *unit_lookup(const char *name) UNCHECKED
{
    list_each(node, table_cells()) {
        const struct cell *cell = &unit_of(node)->cell;

        if (strcmp(cell->manifest.name, name) == 0 && !cell->zombie && !cell->kept)
            return unit_of(node);
    }
    return NULL;
}

/* Unchecked: the same. */
struct unit *unit_next(struct unit *after) UNCHECKED
{
    struct list *node = after ? after->cell.link.next : table_cells()->next;

    return node == table_cells() ? NULL : unit_of(node);
}

static void end_visit(const uint32_t *before)
{
    cell_table.visitor = *before;
}

/* Unchecked: the table is locked. A visit ends also when a fault cuts it short; then another one may go on. */
static void visit_all(bool (*visit)(const struct cell *cell, void *argument),
                      void *argument) UNCHECKED
{
    __attribute__((cleanup(end_visit))) const uint32_t before = cell_table.visitor;

    cell_table.visitor = hart_index() + 1;
    list_each(node, table_cells()) {
        if (!visit(&unit_of(node)->cell, argument))
            return;
    }
}

/* The table may be locked already: by a visitor that begins another visit, or has faulted, which is reported now. */
void cells_visit(bool (*visit)(const struct cell *cell, void *argument), void *argument)
{
    OWN(irq_guard) irqs = {0};
    OWN(spin_guard) guard = {0};

    irq_disable(&irqs);
    if (cell_table.visitor == hart_index() + 1) {
        visit_all(visit, argument);
    } else {
        spin_lock_nested(&guard, &cell_table.lock);
        visit_all(visit, argument);
        spin_unlock_nested(&guard, &cell_table.lock);
    }
    irq_restore(&irqs);
}

const char *cell_name(const struct cell *cell)
{
    return cell ? cell->manifest.name : "nucleus";
}

/* Unchecked: a fault may come while the lock is held. Cells enter and leave so that who is within the list
 * always finds on, and they never move in it (INV-TABLE-1). */
const struct eh_frame *eh_frame_at(uint64_t pc) UNCHECKED
{
    if (pc - nucleus_frames.text < nucleus_frames.text_bytes)
        return &nucleus_frames;
    list_each(node, table_cells()) {
        const struct eh_frame *tables = &unit_of(node)->frames;

        if (pc - tables->text < tables->text_bytes) {
            __atomic_thread_fence(__ATOMIC_ACQUIRE); /* publish_tables() in unit.c */
            return tables;
        }
    }
    return NULL;
}

struct cell *cell_of_caller(uint64_t pc)
{
    const struct eh_frame *tables = eh_frame_at(pc);

    if (!tables || tables == &nucleus_frames)
        return NULL;
    return &list_entry(tables, struct unit, frames)->cell;
}
