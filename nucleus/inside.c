/* Who is inside of cells that are to go (inside.h). */
#include "inside.h"

#include "hooks_private.h"
#include "nucleus/memory_map.h"
#include "walk.h"

static struct {
    const struct cell *cells[SWAP_MOST];
    uint32_t count;
    struct inside *found;
} leaving;

static bool in_nucleus(uint64_t pc)
{
    return pc - memory_image().text < memory_image().rodata - memory_image().text;
}

bool is_inside(const struct cell *cell, const struct registers *registers, uint64_t low, uint64_t high,
               uint64_t *where)
{
    if (walk_enters(registers, low, high, (uint64_t)cell->text.base, cell->text.bytes, where) !=
        WALK_OUTSIDE)
        return true;
    /* The nucleus, interrupted just before a call by a hook, or of check(), may have the address in any register; what
     * else lies there is not called. */
    for (unsigned i = 1; i < 32 && registers->status && in_nucleus(registers->pc); i++) {
        *where = registers->x[i];
        if (*where - (uint64_t)cell->text.base < cell->text.bytes &&
            (hook_of(*where) || *where == cell->manifest.check))
            return true;
    }
    return false;
}

static bool is_inside_any(const struct registers *registers, uint64_t low, uint64_t high, uint64_t *where)
{
    bool inside = false;

    for (uint32_t i = 0; i < leaving.count && !inside; i++)
        inside = is_inside(leaving.cells[i], registers, low, high, where);
    return inside;
}

/* Marks @p task if it is outside of the cells that leave, while the system runs. The count of switches is read before
 * the state: if it was not running then, its registers and stack are those of its last turn, which the count
 * includes. When it gets a hart meanwhile the count grows, and the mark is worth nothing, whatever the walk
 * has seen. That ends, and reads nothing outside of the stack, which stays (task_each_apart()). */
static void look_beforehand(struct task *task, void *unused)
{
    uint64_t switches = __atomic_load_n(&task->switches, __ATOMIC_ACQUIRE);
    enum task_state state = task_state(task);
    uint64_t where;

    (void)unused;
    leaving.found->tasks++;
    task->outside = 0;
    if (state != TASK_RUNNING && state != TASK_DEAD &&
        !is_inside_any(&task->registers, task->stack_low, task->stack_high, &where))
        task->outside = switches + 1;
}

void inside_begin(struct inside *inside, const struct cell *const *cells, uint32_t count)
{
    memset(inside, 0, sizeof *inside);
    memcpy(leaving.cells, cells, count * sizeof *cells);
    leaving.count = count;
    leaving.found = inside;
}

void inside_look_beforehand(void)
{
    leaving.found->tasks = 0;
    task_each_apart(look_beforehand, NULL);
}

/* A task that runs on a hart which stands still does so there, or where a trap interrupted it. */
const struct registers *task_context(const struct task *task)
{
    const struct hart *hart = &harts[task->hart];
    bool there = hart->current == task && hart != this_hart() &&
                 hart->stopped->x[2] - task->stack_low < task->stack_high - task->stack_low;

    return there ? hart->stopped : &task->registers;
}

/* Whether @p task is in a cell that leaves, and where, all other harts standing still. One that has not run since it was
 * found outside is not walked again. */
static bool task_is_inside(struct task *task, uint64_t *where)
{
    enum task_state state = task_state(task);

    if (task->outside == task->switches + 1 || state == TASK_DEAD || task == task_current() ||
        is_idle(task))
        return false;
    leaving.found->walked++;
    if (is_inside_any(task_context(task), task->stack_low, task->stack_high, where))
        return true;
    if (state != TASK_RUNNING)
        task->outside = task->switches + 1;
    return false;
}

/* A task may have ended when that is told. */
static void note(const char *name, uint64_t where)
{
    string_copy(leaving.found->name, sizeof leaving.found->name, name);
    leaving.found->where = where;
}

/* Whether a handler on @p hart, which stands still, is within @p cell, or one that a trap interrupted. */
static bool handler_is_inside(const struct cell *cell, const struct hart *hart, uint64_t *where)
{
    uint64_t low = (uint64_t)hart->stacks, high = low + TRAP_STACK_BYTES;

    for (unsigned i = 0; i + 1 < hart->depth; i++) {
        if (is_inside(cell, &hart->levels[i].registers, low, high, where))
            return true;
    }
    return hart->stopped->x[2] - low < high - low &&
           is_inside(cell, hart->stopped, low, high, where);
}

bool hart_is_inside(const struct cell *cell)
{
    uint64_t where;

    for (unsigned i = 0; i < hart_count(); i++) {
        const struct task *task = harts[i].current;

        if (&harts[i] != this_hart() &&
            (handler_is_inside(cell, &harts[i], &where) ||
             (!is_idle(task) && is_inside(cell, task_context(task), task->stack_low,
                                          task->stack_high, &where))))
            return true;
    }
    return false;
}

bool inside_find(void)
{
    uint64_t where;

    note("", 0);
    for (unsigned i = 0; i < hart_count(); i++) {
        for (uint32_t j = 0; j < leaving.count && &harts[i] != this_hart(); j++) {
            if (handler_is_inside(leaving.cells[j], &harts[i], &where))
                note(harts[i].idle.name, where);
        }
    }
    for (struct task *task = task_next(NULL); task; task = task_next(task)) {
        task->let_through = task == task_current();
        if (task_is_inside(task, &where)) {
            task->let_through = 1;
            note(task->name, where);
        }
    }
    return leaving.found->name[0];
}
