/* Who holds objects of the heap: a conservative look at the states of cells, the tasks, and the objects
 * themselves, after the idea of the nucleus' scan for zombies. First all live objects are copied, with their
 * addresses, and sorted; then each word that is looked at costs one binary search.
 *
 * Nothing stands still meanwhile. What is read cannot go: a cell and its state under the lock of the cell
 * table, an object under the locks of its kind, a task and its stack under that of the list of tasks; the
 * last is given up every TASKS_A_VISIT tasks. What is read may change, so a word that is moved at that
 * moment may be missed or seen twice. The copies lie in the caller's room: this cell has no memory. */
#include "cell.h"
#include "inspect.h"
#include "nucleus/hart.h"
#include "nucleus/memory_records.h"
#include "nucleus/records.h"
#include "nucleus/string.h"
#include "nucleus/task.h"

#define KINDS_MOST 512u /* what is held of further kinds is left out */
#define TASKS_A_VISIT 16u

/* A live object. */
struct held {
    uint64_t start;
    uint32_t bytes;
    uint16_t kind;   /* its number */
    bool is_task;    /* the head of a task: looked at with that */
    uint32_t holder; /* the last that was found, by its number; 0: none */
};

struct kind_names {
    char kind[KIND_NAME_ROOM], owner[CELL_NAME_ROOM];
};

/* The caller's room: names of KINDS_MOST kinds, rows upwards from there, objects downwards from its end. */
struct survey {
    struct kind_names *names;
    struct holding *rows;
    struct held *objects; /* in order of address once sorted */
    unsigned row_count, object_count, kind_count;
    bool full;
    struct holding holder; /* whose words are looked at now: type, names, number */
    uint32_t holder_number;
    uint64_t caller;             /* where the stack of who asks ends */
    uint64_t task_number;        /* of the last task that was looked at */
    uint32_t counts[KINDS_MOST]; /* objects that the holder holds, by kind */
};

/* Whether less than @p bytes is left between the rows and the objects. */
static bool no_room(struct survey *survey, size_t bytes)
{
    uint64_t free = (uint64_t)survey->objects - (uint64_t)(survey->rows + survey->row_count);

    survey->full |= free < bytes;
    return survey->full;
}

static bool copy_objects(const struct kind *kind, void *argument)
{
    struct survey *survey = argument;
    uint16_t number = (uint16_t)survey->kind_count++;

    string_copy(survey->names[number].kind, KIND_NAME_ROOM, kind->name);
    string_copy(survey->names[number].owner, CELL_NAME_ROOM, cell_name(kind->owner));
    for (const struct list *node = kind->slabs.next; node != &kind->slabs; node = node->next) {
        const struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; slot < slab->bin->slots; slot++) {
            if (!slab_holds(slab, slot))
                continue;
            if (no_room(survey, sizeof(struct held)))
                return false;
            *--survey->objects = (struct held){.start = (uint64_t)slab_object(slab, slot),
                                               .bytes = (uint32_t)slab->bin->slot_bytes,
                                               .kind = number};
            survey->object_count++;
        }
    }
    return survey->kind_count < KINDS_MOST;
}

static void sift_down(struct held *objects, unsigned parent, unsigned count)
{
    struct held moved = objects[parent];

    for (unsigned child; (child = 2 * parent + 1) < count; parent = child) {
        child += child + 1 < count && objects[child].start < objects[child + 1].start;
        if (objects[child].start <= moved.start)
            break;
        objects[parent] = objects[child];
    }
    objects[parent] = moved;
}

/* Heapsort (Williams, CACM 7, 1964): in place, and never quadratic. */
static void sort_objects(struct held *objects, unsigned count)
{
    for (unsigned i = count / 2; i > 0; i--)
        sift_down(objects, i - 1, count);
    for (unsigned last = count; last > 1; last--) {
        struct held greatest = objects[0];

        objects[0] = objects[last - 1];
        objects[last - 1] = greatest;
        sift_down(objects, 0, last - 1);
    }
}

/* The object that @p address is in, or NULL. */
static struct held *object_at(const struct survey *survey, uint64_t address)
{
    unsigned low = 0, high = survey->object_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (survey->objects[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address - survey->objects[low - 1].start >= survey->objects[low - 1].bytes)
        return NULL;
    return &survey->objects[low - 1];
}

/* Counts what the words from @p from lead to, but for @p self: an empty list leads to itself. */
static void look_at(struct survey *survey, const void *from, size_t bytes, uint64_t self)
{
    const volatile uint64_t *words = from;

    for (size_t i = 0; i < bytes / 8; i++) {
        struct held *object = object_at(survey, words[i]);

        if (!object || object->start == self || object->holder == survey->holder_number)
            continue;
        object->holder = survey->holder_number;
        survey->counts[object->kind]++;
    }
}

static void holder_begin(struct survey *survey, enum holder_type type, const char *name)
{
    memset(survey->counts, 0, sizeof survey->counts);
    survey->holder = (struct holding){.type = type};
    string_copy(survey->holder.holder, sizeof survey->holder.holder, name);
    survey->holder_number++;
}

/* Adds a row for each kind of which the holder holds something. */
static void holder_end(struct survey *survey)
{
    for (unsigned kind = 0; kind < survey->kind_count; kind++) {
        struct holding *row = &survey->rows[survey->row_count];

        if (survey->counts[kind] == 0)
            continue;
        if (no_room(survey, sizeof *row))
            return;
        *row = survey->holder;
        row->objects = survey->counts[kind];
        memcpy(row->kind, survey->names[kind].kind, sizeof row->kind);
        memcpy(row->owner, survey->names[kind].owner, sizeof row->owner);
        survey->row_count++;
    }
}

static bool look_at_state(const struct cell *cell, void *argument)
{
    struct survey *survey = argument;

    if (!cell->live || cell->state.bytes == 0)
        return true;
    holder_begin(survey, HOLDER_STATE, cell->manifest.name);
    look_at(survey, cell->state.base, cell->state.bytes, 0);
    holder_end(survey);
    return !survey->full;
}

/* From where the live part of the stack of @p task begins. A task that runs saved no registers, so of its
 * stack all counts; of who asks, what lies above this cell's frames. @return the stack's end: sp is elsewhere. */
static uint64_t stack_begin(const struct survey *survey, const struct task *task)
{
    uint64_t from = task->registers.x[2];

    if (task == task_current())
        from = survey->caller;
    else if (task_state(task) == TASK_RUNNING)
        from = task->stack_low;
    return from - task->stack_low <= task->stack_high - task->stack_low ? from : task->stack_high;
}

/* Saved registers: all of them where a trap saved them, what a call preserves where a switch did. */
static void look_at_registers(struct survey *survey, const struct task *task)
{
    const struct registers *saved = &task->registers;

    if (task_state(task) == TASK_RUNNING)
        return;
    if (saved->status) {
        look_at(survey, &saved->x[1], 31 * sizeof saved->x[0], (uint64_t)task);
        return;
    }
    look_at(survey, &saved->x[8], 2 * sizeof saved->x[0], (uint64_t)task);
    look_at(survey, &saved->x[18], 10 * sizeof saved->x[0], (uint64_t)task);
}

/* Registers, the head but for the list of all tasks, what its owner has behind it, the stack. */
static void look_at_task(struct survey *survey, const struct task *task)
{
    struct held *object = object_at(survey, (uint64_t)task);
    uint64_t end = object ? object->start + object->bytes : (uint64_t)(task + 1);
    uint64_t stack = (stack_begin(survey, task) + 7) & ~7ul;

    holder_begin(survey, HOLDER_TASK, task->name);
    survey->holder.task = task->number;
    if (object)
        object->is_task = true;
    look_at_registers(survey, task);
    look_at(survey, &task->state_word, end - (uint64_t)&task->state_word, (uint64_t)task);
    look_at(survey, (const void *)stack, task->stack_high - stack, (uint64_t)task);
    holder_end(survey);
}

/* Tasks stand in order of their numbers. An idle one, which has no entry, holds nothing. */
static bool look_at_tasks(struct task *task, void *argument)
{
    struct survey *survey = argument;

    if (task->number <= survey->task_number)
        return true;
    survey->task_number = task->number;
    if (task->entry || task->code)
        look_at_task(survey, task);
    return !survey->full && task->number % TASKS_A_VISIT != 0;
}

static bool look_at_kind(const struct kind *kind, void *argument)
{
    struct survey *survey = argument;

    holder_begin(survey, HOLDER_KIND, cell_name(kind->owner));
    string_copy(survey->holder.holder_kind, KIND_NAME_ROOM, kind->name);
    for (const struct list *node = kind->slabs.next; node != &kind->slabs; node = node->next) {
        const struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; slot < slab->bin->slots; slot++) {
            void *object = slab_object(slab, slot);
            const struct held *known = object_at(survey, (uint64_t)object);

            if (slab_holds(slab, slot) && object != survey->names && !(known && known->is_task))
                look_at(survey, object, slab->bin->slot_bytes, (uint64_t)object);
        }
    }
    holder_end(survey);
    return !survey->full;
}

static void look_at_rest(struct survey *survey)
{
    holder_begin(survey, HOLDER_NONE, "");
    for (unsigned i = 0; i < survey->object_count; i++)
        survey->counts[survey->objects[i].kind] += survey->objects[i].holder == 0;
    holder_end(survey);
}

static void survey_all(struct survey *survey)
{
    uint64_t seen;

    kinds_visit(copy_objects, survey);
    sort_objects(survey->objects, survey->object_count);
    cells_visit(look_at_state, survey);
    do {
        seen = survey->task_number;
        task_each(look_at_tasks, survey);
    } while (!survey->full && survey->task_number != seen);
    kinds_visit(look_at_kind, survey);
    look_at_rest(survey);
}

EXPORT enum status heap_holdings(void *room, size_t bytes, const struct holding **rows,
                                 unsigned *count)
{
    struct survey survey = {.names = room, .caller = (uint64_t)__builtin_frame_address(0)};

    survey.rows = (struct holding *)(survey.names + KINDS_MOST);
    survey.objects = (struct held *)((uint64_t)room + (bytes & ~7ul));
    if (bytes < HOLDINGS_LEAST_BYTES)
        return ERR_NOMEM;
    survey_all(&survey);
    *rows = survey.rows;
    *count = survey.row_count;
    return survey.full ? ERR_NOMEM : OK;
}

_Static_assert(HOLDINGS_LEAST_BYTES >= KINDS_MOST * sizeof(struct kind_names), "the names' room");
