/* What is to be done so that a cell can take over from another one, and whether it can. */
#include "evolution.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "text.h"

#define STAND_IN_VERSION "stand-in" /* at the end of a stand-in's version (pack stand-in) */

/* Each declaration says which layout it leads from; back, it leads to it. */
static evolve_step *find_step(const struct cell *cell, const char *kind, uint64_t other, bool image, bool back,
                              uint64_t *bytes)
{
    for (uint32_t i = 0; i < cell->migration_count; i++) {
        const struct migration *entry = &cell->migrations[i];
        const char *name = entry->kind ? entry->kind->name : "";

        if (strcmp(name, kind) != 0 || entry->image != image || (other && entry->from != other))
            continue;
        *bytes = entry->from_bytes;
        return back ? entry->back : entry->forth;
    }
    return NULL;
}

/* The signature of the neutral image that @p cell knows of @p kind; 0: it knows none. */
static uint64_t image_of(const struct cell *cell, const char *kind)
{
    for (uint32_t i = 0; i < cell->migration_count; i++) {
        const struct migration *entry = &cell->migrations[i];

        if (entry->image && strcmp(entry->kind ? entry->kind->name : "", kind) == 0)
            return entry->from;
    }
    return 0;
}

static bool is_same_cell(const struct cell *from, const struct cell *to)
{
    return strcmp(from->manifest.name, to->manifest.name) == 0;
}

bool is_stand_in(const struct cell *cell)
{
    return strstr(cell->manifest.version, STAND_IN_VERSION);
}

/* From the layout with signature @p was to that with @p is, of state (kind "") or objects of one kind. */
static bool find_way(const struct plan *plan, const char *kind, uint64_t was, uint64_t is, struct way *way)
{
    const struct cell *from = plan->from, *to = plan->to;
    uint64_t image = image_of(from, kind), unused;

    if (is_same_cell(from, to)) {
        way->first = find_step(to, kind, was, false, false, &unused);
        if (!way->first)
            way->first = find_step(from, kind, is, false, true, &unused);
        return way->first;
    }
    if (!image || image != image_of(to, kind))
        return false;
    way->first = find_step(from, kind, image, true, true, &way->image_bytes);
    way->second = find_step(to, kind, image, true, false, &way->image_bytes);
    return way->first && way->second;
}

/* Whether the new cell can give its place back, as probation needs it. */
static void check_way_back(const struct plan *plan, const char *kind, uint64_t was, uint64_t is,
                           struct swap_report *report)
{
    const struct plan back = {.from = plan->to, .to = plan->from};
    struct way unused;

    if (!report->probation || find_way(&back, kind, is, was, &unused))
        return;
    report->probation = false;
    log_print("swap: %s %s will not be on probation: there is no way back for %s%s", plan->to->manifest.name,
              plan->to->manifest.version, *kind ? "objects of kind " : "its state", kind);
}

/* There is no way for the kind @p kind, or the state (""). */
static enum status refuse(const struct plan *plan, const char *kind, struct why *why)
{
    const struct cell *from = plan->from, *to = plan->to;

    if (!is_same_cell(from, to))
        return why_set(why, ERR_UNSUPPORTED, "%s and %s have no image in common of %s%s", from->manifest.name,
                       to->manifest.name, *kind ? "kind " : "their state", kind);
    why_set(why, ERR_UNSUPPORTED, "no MIGRATE leads from %s %s to %s for what differs", from->manifest.name,
            from->manifest.version, to->manifest.version);
    explain_add(from, to, *kind ? "kind" : "state", *kind ? kind : "state", why);
    return ERR_UNSUPPORTED;
}

/* Whether objects as @p type says can be where those of @p kind are. */
static enum status check_room(const struct plan *plan, const struct kind *kind, const struct kind_type *type,
                              struct why *why)
{
    const struct manifest *to = &plan->to->manifest;

    if (!kind->object_bytes != !type->object_bytes)
        return why_set(why, ERR_UNSUPPORTED, "kind %s is one of %s in %s %s, and was not", kind->name,
                       kind->object_bytes ? "buffers" : "objects of one size", to->name, to->version);
    if (kind->object_bytes && kind->alignment != type->alignment)
        return why_set(why, ERR_UNSUPPORTED, "objects of kind %s are aligned to %lu bytes in %s %s, and were to %lu",
                       kind->name, type->alignment, to->name, to->version, kind->alignment);
    if (type->object_bytes > kind->bins->slot_bytes)
        return why_set(why, ERR_UNSUPPORTED, "objects of kind %s have %lu bytes in %s %s, and there is room for %lu (SPLIT)",
                       kind->name, type->object_bytes, to->name, to->version, kind->bins->slot_bytes);
    return OK;
}

static struct item *item_add(struct plan *plan)
{
    struct item *item = &plan->items[plan->count++];

    memset(item, 0, sizeof *item);
    return item;
}

static enum status plan_state(struct plan *plan, struct swap_report *report)
{
    const struct cell *from = plan->from, *to = plan->to;
    struct item *item;

    if (!from->state.base || is_stand_in(to) || (is_same_cell(from, to) && from->state_signature == to->state_signature &&
                              from->state.bytes == to->state.bytes))
        return OK;
    item = item_add(plan);
    item->saved_bytes = from->state.bytes;
    store_of_records(&item->copies, from->state.bytes > to->state.bytes ? from->state.bytes : to->state.bytes); /* as the way back */
    if (!to->state.base || !find_way(plan, "", from->state_signature, to->state_signature, &item->way))
        return refuse(plan, "", &report->why);
    check_way_back(plan, "", from->state_signature, to->state_signature, report);
    return OK;
}

/* --- kinds --- */

struct look {
    struct plan *plan;
    const struct cell *owner;
    const char *name;
    struct kind *found;
    unsigned count;
    enum status status;
    const struct kind_type *refused; /* for want of a way; said behind the visit, as that takes memory */
    struct why *why;
};

static bool count_kind(const struct kind *kind, void *argument)
{
    struct look *look = argument;

    look->count += kind->owner == look->owner;
    return true;
}

unsigned kinds_of(const struct cell *cell)
{
    struct look look = {.owner = cell};

    kinds_visit(count_kind, &look);
    return look.count;
}

static bool find_kind(const struct kind *kind, void *argument)
{
    struct look *look = argument;

    if (kind->owner == look->owner && strcmp(kind->name, look->name) == 0)
        look->found = (struct kind *)(uintptr_t)kind;
    return !look->found;
}

static struct kind *kind_called(const struct cell *owner, const char *name)
{
    struct look look = {.owner = owner, .name = name};

    kinds_visit(find_kind, &look);
    return look.found;
}

static const struct kind_type *type_called(const struct cell *cell, const char *name)
{
    for (uint32_t i = 0; i < cell->kind_count; i++)
        if (strcmp(cell->kinds[i].name, name) == 0)
            return &cell->kinds[i];
    return NULL;
}

static bool is_alike(const struct kind *kind, const struct kind_type *type)
{
    return kind->signature == type->signature && kind->object_bytes == type->object_bytes &&
           (!type->object_bytes || kind->alignment == type->alignment);
}

bool is_dead_body(const struct plan *plan, const struct kind *kind)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const struct item *item = &plan->items[i];
        const struct kind_type *was = item->kind ? type_called(plan->from, item->kind->name) : NULL;

        if (item->way.first && was && was->body && strcmp(was->body->name, kind->name) == 0)
            return true;
    }
    return false;
}

/* One kind that the old cell owns, if the new one declares it. Its lock is held: no other kind is looked at. */
static bool plan_kind(const struct kind *kind, void *argument)
{
    struct look *look = argument;
    struct plan *plan = look->plan;
    const struct kind_type *type = type_called(plan->to, kind->name);
    struct item *item;

    if (kind->owner != plan->from || plan->count == plan->most ||
        (!type && !is_stand_in(plan->to)))
        return true;
    item = item_add(plan);
    item->kind = (struct kind *)(uintptr_t)kind;
    item->type = type;
    item->saved_bytes = kind->object_bytes ? kind->bins->slot_bytes : 0;
    store_of_records(&item->copies, item->saved_bytes);
    if (!type || is_alike(kind, type))
        return true;
    look->status = check_room(plan, kind, type, look->why);
    if (look->status == OK && !find_way(plan, kind->name, kind->signature, type->signature, &item->way))
        look->refused = type;
    return look->status == OK && !look->refused;
}

/* Those that would be left without a cell that knows them. */
static bool check_left(const struct kind *kind, void *argument)
{
    struct look *look = argument;
    const struct plan *plan = look->plan;

    if (kind->owner != plan->from || kind->live == 0 || is_stand_in(plan->to) || type_called(plan->to, kind->name) ||
        is_dead_body(plan, kind))
        return true;
    look->status = why_set(look->why, ERR_UNSUPPORTED, "%lu objects of kind %s live, which %s %s does not know", kind->live,
                           kind->name, plan->to->manifest.name, plan->to->manifest.version);
    return false;
}

/* What the new cell declares and nobody has. */
static enum status make_kinds(const struct plan *plan, struct why *why)
{
    struct cell *to = plan->to;
    struct kind *unused;

    for (uint32_t i = 0; i < to->kind_count; i++) {
        const struct kind_type *type = &to->kinds[i];

        if (!kind_called(plan->from, type->name) && !kind_called(to, type->name) &&
            kind_create_for(to, &unused, type) != OK)
            return why_set(why, ERR_NOMEM, "no memory for kind %s", type->name);
    }
    return OK;
}

/* What an item needs from other kinds. */
static void complete(const struct plan *plan, struct item *item, struct swap_report *report)
{
    const struct kind_type *was = type_called(plan->from, item->kind->name);

    item->made = kind_called(plan->to, item->kind->name);
    if (item->way.first && item->type->body && (item->way.second || !was || !was->body))
        item->body_kind = kind_called(plan->to, item->type->body->name);
    item->bodies.words = 1;
    if (item->way.first)
        check_way_back(plan, item->kind->name, item->kind->signature, item->type->signature, report);
}

enum status plan_make(struct plan *plan, struct swap_report *report)
{
    struct look look = {.plan = plan, .why = &report->why};

    report->probation &= !is_stand_in(plan->to); /* which is what is left when no version serves */
    look.status = plan_state(plan, report);
    if (look.status == OK)
        kinds_visit(plan_kind, &look);
    if (look.refused)
        look.status = refuse(plan, look.refused->name, &report->why);
    if (look.status == OK)
        kinds_visit(check_left, &look);
    if (look.status == OK)
        look.status = make_kinds(plan, &report->why);
    for (unsigned i = 0; look.status == OK && i < plan->count; i++) {
        if (plan->items[i].kind)
            complete(plan, &plan->items[i], report);
    }
    return look.status;
}
