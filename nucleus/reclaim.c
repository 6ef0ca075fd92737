/* The end of a cell that was replaced. Its text is filled with trapping words at once, so late use faults by
 * name. Its memory is freed when two scans, one after the other, find no word that leads into it: in
 * objects of the heap, states of cells, heads and stacks of tasks, registers. Until then it is a zombie, and
 * cell->holder is where the word was found.
 *
 * The scans are conservative: any aligned word counts. Tasks are looked at while all harts stand still, the rest
 * while the system runs, so one scan misses a word that is moved from what it has not read to what it has;
 * to be missed by both, it must be moved so twice. Memory behind mappings (vm.h) is not scanned. */
#include "arena.h"
#include "cell_private.h"
#include "frame_private.h"
#include "harts.h"
#include "heap_private.h"
#include "nucleus/memory_records.h"
#include "walk.h"

static unsigned count; /* of zombies */

static bool in_block(const struct cell_block *block, uint64_t address)
{
    return address - (uint64_t)block->base < block->bytes;
}

/* The first word of @p bytes at @p from that leads into what @p cell is made of, or NULL. */
static const uint64_t *leads_into(const struct cell *cell, const void *from, size_t bytes)
{
    const uint64_t *words = from;

    for (size_t i = 0; i < bytes / 8; i++) {
        if (in_block(&cell->text, words[i]) || in_block(&cell->rodata, words[i]) ||
            in_block(&cell->state, words[i]))
            return &words[i];
    }
    return NULL;
}

static const uint64_t *scan_slab(const struct cell *cell, const struct slab *slab)
{
    const uint64_t *word = NULL;

    for (uint64_t slot = 0; slot < slab->bin->slots && !word; slot++) {
        if (slab_holds(slab, slot))
            word = leads_into(cell, slab_object(slab, slot), slab->bin->slot_bytes);
    }
    return word;
}

struct heap_scan {
    struct cell *cell;
    const struct kind *tasks; /* scan_tasks() looks at these: what their heads hold may be old */
};

/* Of all cells' kinds. What the nucleus' own objects point to it knows. */
static bool scan_kind(const struct kind *kind, void *argument)
{
    const struct heap_scan *scan = argument;
    struct cell *cell = scan->cell;

    if (!kind->owner || kind == scan->tasks)
        return true;
    for (const struct list *node = kind->slabs.next; node != &kind->slabs && !cell->holder;
         node = node->next)
        cell->holder = scan_slab(cell, list_entry(node, struct slab, all));
    return !cell->holder;
}

static bool note_kind(struct task *task, void *argument)
{
    struct heap_scan *scan = argument;
    const struct slab *slab = frame_slab_of(task);

    scan->tasks = slab ? slab->kind : NULL;
    return !slab;
}

static bool scan_state(const struct cell *other, void *argument)
{
    struct cell *cell = argument;

    if (other->live)
        cell->holder = leads_into(cell, other->state.base, other->state.bytes);
    return !cell->holder;
}

/* What is live of a context: all registers where a trap saved them, what a call preserves where a switch did. */
static const uint64_t *scan_registers(const struct cell *cell, const struct registers *registers)
{
    if (registers->status)
        return leads_into(cell, registers->x, sizeof registers->x);
    return leads_into(cell, &registers->x[1], 8)
               ?: leads_into(cell, &registers->x[8], 16) ?: leads_into(cell, &registers->x[18], 80);
}

/* A context and the stack that it is on; nothing when it is on another. */
static const uint64_t *scan_context(const struct cell *cell, const struct registers *registers,
                                    uint64_t low, uint64_t high)
{
    uint64_t sp = registers->x[2];

    if (sp - low > high - low)
        return NULL;
    return scan_registers(cell, registers) ?: leads_into(cell, (void *)sp, high - sp);
}

/* Where a word was found in a task that does not run or stands still, or NULL. Of its head all counts but the saved
 * registers, which the context may replace; what its owner has behind it in the same object, too. */
static const uint64_t *scan_task(const struct cell *cell, const struct task *task,
                                 const struct registers *context)
{
    const struct slab *slab = frame_slab_of(task);
    uint64_t bytes = slab ? slab->bin->slot_bytes : sizeof *task;

    return leads_into(cell, &task->all, bytes - offsetof(struct task, all))
               ?: scan_context(cell, context, task->stack_low, task->stack_high);
}

/* While the system runs: marks a task that does not and has no such word, as swap.c does. */
static void scan_beforehand(struct task *task, void *cell)
{
    uint64_t switches = __atomic_load_n(&task->switches, __ATOMIC_ACQUIRE);

    task->outside = 0;
    if (task_state(task) != TASK_RUNNING && task_state(task) != TASK_DEAD &&
        !scan_task(cell, task, &task->registers))
        task->outside = switches + 1;
}

/* All other harts stand still, this one is at @p here. */
static const uint64_t *scan_tasks(const struct cell *cell, const struct registers *here)
{
    const uint64_t *found = NULL;

    for (unsigned i = 0; i < hart_count(); i++) {
        const struct hart *hart = &harts[i];
        uint64_t low = (uint64_t)hart->stacks;

        /* Each handler on its own stack; in those above are leftovers. */
        for (uint64_t level = 0; level < hart->depth; level++)
            found = found ?: scan_context(cell,
                                          level + 1 < hart->depth ? &hart->levels[level].registers
                                                                  : hart->stopped,
                                          low, hart->levels[level].stack);
    }
    for (struct task *task = task_next(NULL); task && !found; task = task_next(task)) {
        const struct registers *context = task == task_current() ? here : swap_context_of(task);

        if (task->outside != task->switches + 1 && task_state(task) != TASK_DEAD && !is_idle(task))
            found = scan_task(cell, task, context);
    }
    return found;
}

/* One scan. @return whether nothing was found; else cell->holder is where, unless a hart did not stop. */
static bool is_unused(struct cell *cell, const struct registers *here)
{
    OWN(irq_guard) guard = {0};
    struct heap_scan heap = {.cell = cell};
    bool held = false;

    cell->holder = NULL;
    task_each(note_kind, &heap);
    kinds_visit(scan_kind, &heap);
    if (!cell->holder)
        cells_visit(scan_state, cell);
    task_each_apart(scan_beforehand, cell);
    irq_disable(&guard);
    if (!cell->holder)
        held = harts_hold();
    if (held) {
        cell->holder = scan_tasks(cell, here);
        harts_release();
    }
    irq_restore(&guard);
    return held && !cell->holder;
}

void reclaim_add(struct unit *unit, bool state_is_taken)
{
    struct cell *cell = &unit->cell;

    unit_retract(unit);
    unit->replaces = NULL;
    if (state_is_taken)
        cell->state = (struct cell_block){0};
    text_write(cell->text.base, NULL, cell->text.bytes);
    harts_fence_i();
    cell->zombie = true;
    count++;
    cell->import_count = cell->site_count = 0; /* what it used may go */
}

void reclaim_try(void)
{
    struct registers here = {0};

    registers_capture(&here);
    for (struct unit *unit = unit_next(NULL), *next; unit && count; unit = next) {
        struct cell *cell = &unit->cell;

        next = unit_next(unit);
        if (!cell->zombie || !is_unused(cell, &here) || !is_unused(cell, &here))
            continue;
        count--;
        kind_destroy_all(cell, true, NULL);
        unit_drop(unit);
    }
}
