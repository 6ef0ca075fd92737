/* Cells that were replaced, and who holds them: the cell reclaim notes the word that it found last. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/format.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "nucleus/task.h"

struct zombie_search {
    unsigned index;
    bool found;
    struct zombie_info *info;
    uint64_t word;      /* the address of the one that leads into it */
    const void *object; /* that the word is in; NULL: in none */
};

static bool describe_zombie(const struct cell *cell, void *argument)
{
    struct zombie_search *search = argument;
    struct zombie_info *info = search->info;

    if (!cell->zombie || search->index-- > 0)
        return true;
    string_copy(info->name, sizeof info->name, cell->manifest.name);
    string_copy(info->version, sizeof info->version, cell->manifest.version);
    info->text = (uint64_t)cell->text.base;
    info->text_bytes = cell->text.bytes;
    info->rodata_bytes = cell->rodata.bytes;
    search->word = (uint64_t)cell->holder;
    search->found = true;
    return false;
}

static bool find_state(const struct cell *cell, void *argument)
{
    struct zombie_search *search = argument;

    if (search->word - (uint64_t)cell->state.base >= cell->state.bytes)
        return true;
    format(search->info->holder, CELL_HOLDER_ROOM, "the state of %s", cell->manifest.name);
    return false;
}

/* The head of a task begins an object, with what its owner has behind it. The idle context of a hart, which has
 * no entry, is followed by the hart's stacks, for interrupts. */
static bool find_task(struct task *task, void *argument)
{
    struct zombie_search *search = argument;
    char *holder = search->info->holder;
    uint64_t word = search->word, head = (uint64_t)task;

    if (!task->entry && word - head < task->stack_high - head)
        format(holder, CELL_HOLDER_ROOM, "an interrupt of %s (%p)", task->name, (void *)word);
    else if (search->object == task || word - head < sizeof *task ||
             word - task->stack_low < task->stack_high - task->stack_low)
        format(holder, CELL_HOLDER_ROOM, "task %lu %s (%p)", task->number, task->name,
               (void *)word);
    return !*holder;
}

/* Who is asked first knows best: the head of a task is an object, too. */
static void describe_holder(struct zombie_search *search)
{
    char *holder = search->info->holder;
    struct kind_info kind;
    void *object = NULL;
    bool live, in_heap;

    *holder = '\0';
    if (!search->word) {
        string_copy(holder, CELL_HOLDER_ROOM, "nobody, but that was not looked at to the end");
        return;
    }
    in_heap = heap_describe((const void *)search->word, &kind, &object, &live) == OK;
    search->object = object;
    cells_visit(find_state, search);
    if (!*holder)
        task_each(find_task, search);
    if (!*holder && in_heap)
        format(holder, CELL_HOLDER_ROOM, "an object of kind %s of %s", kind.name, kind.owner);
    if (!*holder)
        format(holder, CELL_HOLDER_ROOM, "an interrupt (%p)", (void *)search->word);
}

EXPORT bool zombie_get(unsigned index, struct zombie_info *info)
{
    struct zombie_search search = {.index = index, .info = info};

    cells_visit(describe_zombie, &search);
    if (search.found)
        describe_holder(&search);
    return search.found;
}
