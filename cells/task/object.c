/* Objects of tasks and their stacks (task_cell.h). Both are kept for the next task: so a task is
 * born and ends without the heap and the page tables, and its end, on an interrupt stack, frees
 * nothing. */
#include "nucleus/string.h"
#include "task.h"
#include "task_cell.h"

static inline struct spare_list *list_of(struct spares *spares) REQUIRES(spares->lock);
static inline struct spare_list *list_of(struct spares *spares)
{
    return &spares->list;
}

/* A spare object if there are more than @p most, else NULL. */
static struct task_object *spare_take(struct spares *spares, uint32_t most)
{
    OWN(spin_guard) guard = {0};
    struct task_object *object = NULL;

    spin_lock(&guard, &spares->lock);
    if (list_of(spares)->length > most) {
        object = list_of(spares)->first;
        list_of(spares)->first = object->next_spare;
        list_of(spares)->length--;
    }
    spin_unlock(&guard, &spares->lock);
    return object;
}

/* Unchecked, both: a handle moves into the object that owns it from then on, and out of it again.
 * */
static void stack_move(mapping *to, mapping *from) TAKES(*from) UNCHECKED
{
    *to = *from;
    *from = (mapping){0};
}

static void stack_move_out(mapping *to, mapping *from) MAKES(*to) UNCHECKED
{
    *to = *from;
    *from = (mapping){0};
}

static struct task_object *object_make(struct task_cell_state *state)
{
    OWN(mapping) stack = {0};
    struct task_object *object;

    if (!mapping_map(&stack, PAGE_BYTES + TASK_STACK_BYTES, MAP_WRITE | MAP_RESERVE))
        return NULL;
    object = heap_alloc(state->tasks);
    if (!object) {
        mapping_drop(&stack);
        return NULL;
    }
    stack_move(&object->stack, &stack);
    object->head.reserve_open = false;
    return object;
}

static void object_end(struct task_cell_state *state, struct task_object *object)
{
    OWN(mapping) stack = {0};

    stack_move_out(&stack, &object->stack);
    mapping_drop(&stack);
    heap_free(state->tasks, object);
}

/* The old stack goes last: so without memory nothing has changed. */
bool object_renew_stack(struct task_object *object)
{
    OWN(mapping) old = {0};
    OWN(mapping) stack = {0};

    if (!object->head.reserve_open)
        return true;
    if (!mapping_map(&stack, PAGE_BYTES + TASK_STACK_BYTES, MAP_WRITE | MAP_RESERVE))
        return false;
    stack_move_out(&old, &object->stack);
    stack_move(&object->stack, &stack);
    mapping_drop(&old);
    return true;
}

struct task_object *object_new(struct task_cell_state *state)
{
    struct task_object *object;

    while ((object = spare_take(&state->spares, 0)) && object->head.reserve_open)
        object_end(state, object);
    if (!object)
        object = object_make(state);
    if (!object)
        return NULL;
    __atomic_fetch_add(&state->live, 1, __ATOMIC_RELAXED);
    object->cancelled = 0;
    object->killed = 0;
    object->restart = NULL;
    list_init(&object->kept);
    list_init(&object->watched);
    memset(object->due_ns, 0, sizeof object->due_ns);
    list_init(&object->owners);
    object->lock = (struct spinlock){0};
    object->end = (struct task_end){0};
    return object;
}

void object_free(struct task_cell_state *state, struct task_object *object)
{
    OWN(spin_guard) guard = {0};
    struct spares *spares = &state->spares;

    __atomic_fetch_sub(&state->live, 1, __ATOMIC_RELAXED);
    spin_lock(&guard, &spares->lock);
    object->next_spare = list_of(spares)->first;
    list_of(spares)->first = object;
    list_of(spares)->length++;
    spin_unlock(&guard, &spares->lock);
}

void spares_trim(struct task_cell_state *state, uint32_t most)
{
    struct task_object *object;

    while (__atomic_load_n(&state->spares.list.length, __ATOMIC_RELAXED) > most &&
           (object = spare_take(&state->spares, most)))
        object_end(state, object);
}
