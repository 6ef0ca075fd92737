/* Whether something points into a cell that was replaced: a scan of objects of the heap, states of cells, heads and
 * stacks of tasks, registers.
 *
 * It is conservative: any aligned word counts. Tasks are looked at while all harts stand still, the rest
 * while the system runs, so one scan misses a word that is moved from what it has not read to what it has;
 * to be missed by two, it must be moved so twice. Memory behind mappings (vm.h) is not scanned. */
#include "cell.h"
#include "nucleus/hart.h"
#include "nucleus/memory_records.h"
#include "nucleus/records.h"
#include "nucleus/still.h"
#include "nucleus/task.h"
#include "reclaim.h"

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

/* What lies in a slot behind an object, its spare room too, is left from others. Of buffers it is zeroes. */
static const uint64_t *scan_slab(const struct cell *cell, const struct slab *slab)
{
    uint64_t bytes = slab->kind->object_bytes ?: slab->bin->slot_bytes;
    const uint64_t *word = NULL;

    for (uint64_t slot = 0; slot < slab->bin->slots && !word; slot++) {
        if (slab_holds(slab, slot))
            word = leads_into(cell, slab_object(slab, slot), bytes);
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

/* While the system runs: marks a task that does not and has no such word, as a swap does. */
static void scan_beforehand(struct task *task, void *cell)
{
    uint64_t switches = __atomic_load_n(&task->switches, __ATOMIC_ACQUIRE);

    task->outside = 0;
    if (task_state(task) != TASK_RUNNING && task_state(task) != TASK_DEAD &&
        !scan_task(cell, task, &task->registers))
        task->outside = switches + 1;
}

/* Each handler on its own stack; in those above are leftovers. */
static const uint64_t *scan_handlers(const struct cell *cell)
{
    const struct registers *context;
    const uint64_t *found = NULL;
    uint64_t low, high;

    for (unsigned i = 0; i < hart_count() && !found; i++) {
        for (unsigned level = 0; !found && (context = handler_context(i, level, &low, &high)); level++)
            found = scan_context(cell, context, low, high);
    }
    return found;
}

/* All other harts stand still, this one is at @p here: no lock is taken. An idle context has no entry. */
static __attribute__((noinline)) /* tests plant a fault here */ const uint64_t *
scan_tasks(const struct cell *cell, const struct registers *here)
{
    const uint64_t *found = NULL;

    for (struct task *task = task_next(NULL); task && !found; task = task_next(task)) {
        const struct registers *context = task == task_current() ? here : task_context(task);

        if (task->outside != task->switches + 1 && task_state(task) != TASK_DEAD && task->entry)
            found = scan_task(cell, task, context);
    }
    return found;
}

EXPORT enum status zombie_look(struct cell *zombie, const struct registers *here)
{
    struct heap_scan heap = {.cell = zombie};

    if (here) {
        zombie->holder = scan_handlers(zombie) ?: scan_tasks(zombie, here);
    } else {
        zombie->holder = NULL;
        task_each(note_kind, &heap);
        kinds_visit(scan_kind, &heap);
        if (!zombie->holder)
            cells_visit(scan_state, zombie);
        task_each_apart(scan_beforehand, zombie);
    }
    return zombie->holder ? ERR_BUSY : OK;
}

/* It cannot be unloaded, as no cell that was replaced could be freed any more; it can be replaced. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "reclaim", .version = "1.0", .provides = "reclaim", .stop = stop,
     .summary = "Looks for words that lead into a cell that was replaced, before its memory is freed");
