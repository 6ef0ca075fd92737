/* Evolution of state and objects in a swap (evolve.h): the hook that the nucleus calls, and the memory for it. What is to be
 * done is found out by plan.c, before anything changes, and done by run.c while all other harts stand still. */
#include "cell.h"
#include "evolution.h"
#include "nucleus/string.h"

struct evolve_state {
    struct kind *buffers;
};
CELL_STATE(struct evolve_state);

KIND_OF_BUFFERS(buffer, "evolution");

void *buffer_take(uint64_t bytes)
{
    return heap_alloc_bytes(state.buffers, bytes);
}

void buffer_give(void *buffer, uint64_t bytes)
{
    if (buffer)
        memset(buffer, 0, bytes);
    heap_free(state.buffers, buffer);
}

static struct plan *plan_of(struct evolution *evolution)
{
    return (struct plan *)(void *)evolution;
}

/* New objects for those of a SPLIT kind. */
static bool bodies_reserve(struct plan *plan, struct item *item)
{
    bool enough = store_reserve(&item->bodies, item->kind->live, &plan->spare);
    void **place;

    store_rewind(&item->bodies);
    while ((place = store_next(&item->bodies)))
        *place = NULL; /* first all of them, as they are freed when there are not enough */
    store_rewind(&item->bodies);
    while (enough && (place = store_next(&item->bodies)))
        enough = (*place = heap_alloc(item->body_kind));
    return enough;
}

static bool item_reserve(struct plan *plan, struct item *item)
{
    if (!item->way.first)
        return true;
    if (item->way.image_bytes > plan->image_bytes) {
        buffer_give(plan->image, plan->image_bytes);
        plan->image_bytes = item->way.image_bytes;
        plan->image = buffer_take(plan->image_bytes);
        if (!plan->image)
            return false;
    }
    return store_reserve(&item->copies, item->kind ? item->kind->live : 1, &plan->spare) &&
           (!item->body_kind || bodies_reserve(plan, item));
}

/* Bodies but for the first @p given, which objects have. */
static void bodies_free(struct item *item, uint64_t given)
{
    uint64_t number = 0;
    void **place;

    store_rewind(&item->bodies);
    while ((place = store_next(&item->bodies))) {
        if (number++ >= given)
            heap_free(item->body_kind, *place);
    }
}

/* --- bodies that the old cell's objects had, once it is out of service --- */

#define AT_ONCE 64u

struct dead {
    const struct plan *plan;
    struct kind *kind;
    unsigned count;
    void *objects[AT_ONCE];
};

static bool find_dead(const struct kind *kind, void *argument)
{
    struct dead *dead = argument;

    if (kind->owner != dead->plan->from || !is_dead_body(dead->plan, kind))
        return true;
    dead->kind = (struct kind *)(uintptr_t)kind;
    list_each(node, &kind->slabs) {
        const struct slab *slab = list_entry(node, struct slab, all);

        for (uint64_t slot = 0; slot < slab->bin->slots && dead->count < AT_ONCE; slot++) {
            if (slab_holds(slab, slot))
                dead->objects[dead->count++] = slab_object(slab, slot);
        }
    }
    return dead->count == 0;
}

static __attribute__((noinline)) bool free_some_dead(const struct plan *plan)
{
    struct dead dead;

    dead.plan = plan;
    dead.count = 0;
    kinds_visit(find_dead, &dead);
    for (unsigned i = 0; i < dead.count; i++)
        heap_free(dead.kind, dead.objects[i]);
    return dead.count > 0;
}

/* Frees all that a plan holds but its memory for records, which becomes spare, and for an image. */
static struct chunk *plan_end(struct plan *plan)
{
    struct chunk *spare = plan->spare;

    while (plan->head.done && free_some_dead(plan))
        continue;
    for (unsigned i = 0; i < plan->count; i++) {
        struct item *item = &plan->items[i];

        if (item->body_kind)
            bodies_free(item, plan->head.done ? item->done : 0);
        store_free(&item->bodies);
        store_spare(&item->copies, &spare);
    }
    store_spare(&plan->records, &spare);
    return spare;
}

static uint64_t plan_bytes(unsigned most)
{
    return sizeof(struct plan) + most * sizeof(struct item);
}

static void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    chunks_free(plan_end(plan));
    buffer_give(plan->image, plan->image_bytes);
    buffer_give(plan, plan_bytes(plan->most));
}

/* A plan without items, with room for @p most. What memory there is in @p before (or NULL) goes over. @return NULL: no
 * memory. */
static struct plan *plan_begin(struct plan *before, unsigned most)
{
    struct plan kept = {.most = most}, *plan = before;

    if (before) {
        kept.spare = plan_end(before);
        kept.image = before->image;
        kept.image_bytes = before->image_bytes;
    }
    if (before && before->most >= most) {
        kept.most = before->most;
    } else {
        if (before)
            buffer_give(before, plan_bytes(before->most));
        plan = buffer_take(plan_bytes(most));
    }
    if (!plan) {
        chunks_free(kept.spare);
        buffer_give(kept.image, kept.image_bytes);
        return NULL;
    }
    memset(plan, 0, plan_bytes(kept.most));
    memcpy(plan, &kept, sizeof kept);
    return plan;
}

/* Schedulers rebuild their queues from the nucleus' list of all tasks; one that failed leaves nothing. */
static bool begins_anew(const struct cell *from, const struct cell *to)
{
    return strcmp(from->manifest.provides, "sched") == 0 &&
           strcmp(to->manifest.provides, "sched") == 0 && from->state.base != to->state.base;
}

/* Memory for all that is done in the hold. */
static bool plan_reserve(struct plan *plan)
{
    bool enough;

    plan->records.words = 3;
    enough = store_reserve(&plan->records, KIND_WORDS * plan->count, &plan->spare);
    for (unsigned i = 0; enough && i < plan->count; i++) {
        enough = item_reserve(plan, &plan->items[i]);
        store_publish(&plan->items[i].copies, &plan->head);
    }
    store_publish(&plan->records, &plan->head);
    return enough;
}

static enum status prepare(struct evolution **made, struct cell *from, struct cell *to, struct swap_report *report)
{
    unsigned most = kinds_of(from) + from->kind_count + to->kind_count + 4; /* some may come */
    struct plan *plan;
    enum status status;

    if (begins_anew(from, to))
        return OK;
    plan = plan_begin(plan_of(*made), most);
    *made = &plan->head;
    if (!plan)
        return why_set(&report->why, ERR_NOMEM, "no memory to plan for %u kinds", most);
    plan->from = from;
    plan->to = to;
    status = plan_make(plan, report);
    if (status == OK && !plan_reserve(plan))
        status = why_set(&report->why, ERR_NOMEM, "no memory for copies of the objects of %s", from->manifest.name);
    return status;
}

EXPORT enum status evolve(enum evolve_call call, struct evolution **evolution, struct cell *from,
                          struct cell *to, struct swap_report *report)
{
    if (call == EVOLVE_STUBS)
        return match_stubs(from, to, &report->why);
    if (call == EVOLVE_PREPARE)
        return prepare(evolution, from, to, report);
    if (!*evolution)
        return OK;
    if (call == EVOLVE_RUN)
        return plan_run(plan_of(*evolution), report);
    plan_free(plan_of(*evolution));
    *evolution = NULL;
    return OK;
}

static enum status init(enum cell_reason reason)
{
    enum status status = OK;

    if (reason != REASON_SWAP)
        status = kind_create(&state.buffers, &kind_buffer);
    return status;
}

/* It cannot be unloaded, as nothing could be swapped any more; it can be replaced. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "evolve", .version = "1.0", .provides = "evolve", .init = init, .stop = stop,
     .summary = "Brings state and objects of a cell into the layout of the one that replaces it");
