/*
 * The queue of requests for swaps (abi/swap.h). The nucleus' swap task asks for one after another by way of the hooks,
 * and has no frame in this cell while it swaps: so this cell, too, can be replaced, with its queue in its state.
 */
#include "swap.h"

#include "cell.h"
#include "nucleus/address.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "swap_log.h"

/* It goes when it is over and its handle was dropped. */
struct request {
    struct swap_job job; /* first: the handle, and the nucleus, lead here. Its objects are copies, behind this */
    struct list link;    /* in the queue until its turn comes */
    struct task *waiter; /* NULL: nobody asked for the report yet */
    bool dropped;
};

struct swaps_state {
    struct kind *requests;
    struct spinlock lock;
    /* lock guards, with all requests: */
    struct list waiting;
    uint64_t last; /* number */
};
CELL_STATE(struct swaps_state);

KIND_OF_BUFFERS(request, "swap request");

static struct request *request_of(struct swap_job *job)
{
    return (struct request *)(void *)job;
}

static void request_over(struct request *request, enum status status) REQUIRES(state.lock);
static void request_over(struct request *request, enum status status)
{
    request->job.report.status = status;
    swap_noted(&request->job.report);
    if (request->dropped)
        heap_free(state.requests, request);
    else if (request->waiter)
        task_unpark(request->waiter);
}

EXPORT struct swap_job *swap_next(void)
{
    OWN(spin_guard) guard = {0};
    struct request *request = NULL;
    struct list *node;

    spin_lock(&guard, &state.lock);
    node = list_pop_front(&state.waiting);
    if (node) {
        request = list_entry(node, struct request, link);
        request->job.report.begun = true;
        swap_noted(&request->job.report);
    }
    spin_unlock(&guard, &state.lock);
    return request ? &request->job : NULL;
}

EXPORT void swap_over(struct swap_job *job, enum status status)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &state.lock);
    request_over(request_of(job), status);
    spin_unlock(&guard, &state.lock);
}

/* How many bytes the copies of all objects take. */
static size_t copies_bytes(const struct swap_order *order)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < order->count; i++)
        bytes += order->pairs[i].image ? align_up(order->pairs[i].bytes, 8) : 0;
    return bytes;
}

/* @return false: a name is too long. */
static bool request_fill(struct request *request, const struct swap_order *order)
{
    struct swap_report *report = &request->job.report;
    uint8_t *copy = (uint8_t *)(request + 1);
    bool fits = true;

    memset(request, 0, sizeof *request);
    memcpy(&request->job.order, order, sizeof *order);
    report->status = AGAIN;
    report->action = order->action;
    report->dry_run = order->dry_run;
    report->count = order->count;
    for (unsigned i = 0; i < order->count; i++) {
        struct swap_pair *pair = &request->job.order.pairs[i];
        struct swap_cells *cells = &report->cells[i];

        fits &= string_copy(cells->old, CELL_NAME_ROOM, pair->old) &&
                string_copy(cells->new, CELL_NAME_ROOM, pair->new ? pair->new : "");
        pair->old = cells->old;
        pair->new = cells->new;
        if (!pair->image)
            continue;
        pair->image = memcpy(copy, pair->image, pair->bytes);
        copy += align_up(pair->bytes, 8);
    }
    return fits;
}

/* @return NULL, with @p why set. */
static struct request *request_make(const struct swap_order *order, struct why *why)
{
    struct request *request = NULL;
    size_t bytes;

    if (order->count == 0 || order->count > SWAP_MOST) {
        why_set(why, ERR_INVALID, "one swap replaces 1 to %u cells", SWAP_MOST);
        return NULL;
    }
    bytes = copies_bytes(order);
    if (bytes < HEAP_MAX_BYTES)
        request = heap_alloc_bytes(state.requests, sizeof *request + bytes);
    if (!request) {
        why_set(why, ERR_NOMEM, "no memory for a copy of %s (%zu bytes)", order->pairs[0].new, bytes);
        return NULL;
    }
    if (request_fill(request, order))
        return request;
    heap_free(state.requests, request);
    why_set(why, ERR_INVALID, "a cell's name has at most %u letters", CELL_NAME_ROOM - 1);
    return NULL;
}

/* Unchecked: makes the handle. */
EXPORT bool cells_swap(swap_request *handle, const struct swap_order *order, struct why *why) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct request *request = request_make(order, why);

    if (!request)
        return false;
    spin_lock(&guard, &state.lock);
    request->job.report.number = ++state.last;
    list_push_back(&state.waiting, &request->link);
    swap_noted(&request->job.report);
    spin_unlock(&guard, &state.lock);
    handle->job = &request->job;
    swap_wake();
    return true;
}

EXPORT bool cell_swap(swap_request *request, const char *old, const char *new, const void *image,
                      size_t bytes, bool dry_run, struct why *why)
{
    struct swap_order order;

    memset(&order, 0, sizeof order);
    order.dry_run = dry_run;
    order.count = 1;
    order.pairs[0] = (struct swap_pair){.old = old, .new = new, .image = image, .bytes = bytes};
    return cells_swap(request, &order, why);
}

EXPORT enum status swap_step(swap_request *handle, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    struct request *request = request_of(handle->job);

    spin_lock(&guard, &state.lock);
    request->waiter = task_current();
    memcpy(report, &request->job.report, sizeof *report);
    spin_unlock(&guard, &state.lock);
    return report->status == AGAIN ? AGAIN : OK;
}

/* Unchecked: the drop of the handle. */
EXPORT bool swap_drop(swap_request *handle) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct request *request = request_of(handle->job);
    bool waits;

    spin_lock(&guard, &state.lock);
    waits = !request->job.report.begun;
    request->dropped = true;
    if (waits) {
        list_remove(&request->link);
        request_over(request, ERR_CANCELLED);
    } else if (request->job.report.status != AGAIN) {
        heap_free(state.requests, request);
    }
    spin_unlock(&guard, &state.lock);
    handle->job = NULL;
    return waits;
}

static enum status init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK;
    list_init(&state.waiting);
    return kind_create(&state.requests, &kind_request);
}

/* It cannot be unloaded, as nothing could be swapped any more; it can be replaced. */
static enum status stop(enum cell_reason reason)
{
    (void)reason;
    return ERR_BUSY;
}

CELL(.name = "swaps", .version = "1.0", .provides = "swap", .init = init, .stop = stop,
     .summary = "Queues requests for swaps, which a task of the nucleus does one after another");
