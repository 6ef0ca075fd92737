/* Bringing state and objects into another layout, while all other harts stand still: nothing here takes a lock or
 * allocates, and what is about to change is saved first, from where the nucleus puts it back if need be. */
#include "evolution.h"
#include "nucleus/string.h"
#include "nucleus/hart.h"
#include "nucleus/task.h"

#define STEPS_MOST 5u /* ms that one function may take */

struct step {
    evolve_step *function;
    const void *from;
    void *to, *body;
};

static enum status take_step(void *argument)
{
    const struct step *step = argument;

    return step->function(step->from, step->to, step->body);
}

/* A fault in the function, or no end of it, ends this call. */
static enum status guard_step(evolve_step *function, const void *from, void *to, void *body)
{
    struct step step = {function, from, to, body};

    task_current()->patience = STEPS_MOST;
    return guarded_call(take_step, &step);
}

/* --- the objects of an item, one after another; of a state there is one --- */

struct objects {
    struct list *slab;
    uint64_t slot;
};

static void objects_begin(struct objects *at, struct item *item)
{
    at->slab = item->kind ? item->kind->slabs.next : NULL;
    at->slot = 0;
}

static void *objects_next(struct objects *at, struct item *item)
{
    for (; at->slab != &item->kind->slabs; at->slab = at->slab->next, at->slot = 0) {
        const struct slab *slab = list_entry(at->slab, struct slab, all);

        while (at->slot < slab->bin->slots) {
            uint64_t slot = at->slot++;

            if (slab_holds(slab, slot))
                return slab_object(slab, slot);
        }
    }
    return NULL;
}

/* Where object number @p number is, if it is the next one. @return NULL: there are no more. */
static void *object_next(const struct plan *plan, struct item *item, struct objects *at, uint64_t number)
{
    if (item->kind)
        return objects_next(at, item);
    return number == 0 ? plan->to->state.base : NULL;
}

/* --- forth --- */

/* What lies behind the old object, in its room, is zeroes for the new one. */
static void clear_room(const struct plan *plan, const struct item *item, void *object)
{
    uint64_t was = item->kind ? item->bytes : plan->from->state.bytes;
    uint64_t is = item->kind ? item->type->object_bytes : plan->to->state.bytes;

    if (is > was && (item->kind || plan->from->state.base == plan->to->state.base))
        memset((char *)object + was, 0, is - was);
}

static enum status convert(const struct plan *plan, struct item *item, const void *copy, void *object)
{
    const struct way *way = &item->way;
    void *body = item->body_kind ? *(void **)store_next(&item->bodies) : NULL;
    enum status status;

    clear_room(plan, item, object);
    if (!way->second)
        return guard_step(way->first, copy, object, body);
    status = guard_step(way->first, copy, plan->image, NULL);
    return status == OK ? guard_step(way->second, plan->image, object, body) : status;
}

/* An object of the state of another provider is where the old one has it; all others stay where they are. */
static const void *source_of(const struct plan *plan, const struct item *item, const void *object)
{
    return item->kind ? object : plan->from->state.base;
}

static enum status item_run(const struct plan *plan, struct item *item, struct swap_report *report)
{
    enum status status = OK;
    struct objects at;
    void *object;

    store_rewind(&item->bodies);
    objects_begin(&at, item);
    while (status == OK && (object = object_next(plan, item, &at, item->done))) {
        const void *copy = store_save(&item->copies, source_of(plan, item, object), item->saved_bytes);

        item->done++;
        status = convert(plan, item, copy, object);
    }
    if (status == OK)
        report->objects += (uint32_t)item->done;
    else
        why_set(&report->why, status, "%s%s of %s cannot be had in %s %s: %s",
                item->kind ? "an object of kind " : "the state", item->kind ? item->kind->name : "",
                plan->from->manifest.name, plan->to->manifest.name, plan->to->manifest.version,
                status_name(status));
    return status;
}

/* Changes a word in the record of a kind. */
static void set_word(struct plan *plan, void *at, uint64_t value)
{
    store_save(&plan->records, at, sizeof value);
    __atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED);
}

/* From here on the kind is the new cell's, so that kind_find() finds it. An empty one that the new cell made by that name
 * becomes the old one's, and goes with it. */
static void item_take(struct plan *plan, struct item *item)
{
    struct kind *kind = item->kind;

    if (!kind)
        return;
    item->bytes = kind->object_bytes;
    if (item->type) {
        set_word(plan, &kind->object_bytes, item->type->object_bytes);
        set_word(plan, &kind->signature, item->type->signature);
    }
    set_word(plan, &kind->owner, (uint64_t)plan->to);
    if (item->made)
        set_word(plan, &item->made->owner, (uint64_t)plan->from);
}

/* --- whether what was prepared is enough --- */

struct check {
    const struct plan *plan;
    unsigned kinds;
    bool enough;
};

static bool check_kind(const struct kind *kind, void *argument)
{
    struct check *check = argument;
    const struct item *item = check->plan->items;
    const struct item *end = item + check->plan->count;

    if (kind->owner != check->plan->from)
        return true;
    while (item != end && item->kind != kind)
        item++;
    if (item == end) /* it is not known to the new cell, or did not exist when that was looked at */
        check->enough &= kind->live == 0 || is_stand_in(check->plan->to) || is_dead_body(check->plan, kind);
    else if (item->way.first)
        check->enough &= kind->live <= item->copies.room &&
                         (!item->body_kind || kind->live <= item->bodies.room);
    check->kinds += item != end;
    return true;
}

/* A kind that was destroyed meanwhile is missed, too. */
static bool is_enough(const struct plan *plan)
{
    struct check check = {.plan = plan, .enough = true};
    unsigned kinds = 0;

    for (unsigned i = 0; i < plan->count; i++)
        kinds += plan->items[i].kind != NULL;
    kinds_visit(check_kind, &check);
    return check.enough && check.kinds == kinds;
}

struct run {
    struct plan *plan;
    struct swap_report *report;
};

static enum status run_items(void *argument)
{
    const struct run *run = argument;
    struct plan *plan = run->plan;
    enum status status = OK;

    if (is_stand_in(plan->to))
        plan->to->state_signature = plan->from->state_signature;
    for (unsigned i = 0; i < plan->count; i++)
        item_take(plan, &plan->items[i]);
    for (unsigned i = 0; i < plan->count && status == OK; i++) {
        if (plan->items[i].way.first)
            status = item_run(plan, &plan->items[i], run->report);
    }
    return status;
}

/* Whether anything changes its layout. */
static bool has_ways(const struct plan *plan)
{
    bool has = false;

    for (unsigned i = 0; i < plan->count; i++)
        has |= plan->items[i].way.first != NULL;
    return has;
}

enum status plan_run(struct plan *plan, struct swap_report *report)
{
    struct run run = {plan, report};
    enum status status;

    if (!is_enough(plan))
        return AGAIN;
    store_rewind(&plan->records);
    for (unsigned i = 0; i < plan->count; i++) {
        struct item *item = &plan->items[i];

        if (item->made && item->made->live > 0)
            return why_set(&report->why, ERR_UNSUPPORTED, "%s has made objects of kind %s already",
                           plan->to->manifest.name, item->kind->name);
        store_rewind(&item->copies);
        item->done = 0;
    }
    status = has_ways(plan) ? limited_call(run_items, &run, STEPS_MOST) : run_items(&run);
    plan->head.done = status == OK;
    return status == AGAIN ? ERR_INVALID : status;
}
