/**
 * @file swap.h
 * Interface `swap`: asking for swaps (nucleus/swap.h, which says what a swap is), and hearing how they went.
 *
 * Requests are done one after another, in their order. A request is an object of the provider, owned by who asked; the
 * names and objects in it are copies, so who asks can be replaced by what it asks for.
 */
#ifndef MITOS_SWAP_H
#define MITOS_SWAP_H

#include <stdbool.h>
#include <stddef.h>

#include "nucleus/swap.h"
#include "nucleus/task.h"
#include "own.h"
#include "status.h"

/** A swap that was asked for: the right to its report, and to take it back. Its task is woken when it is over. */
typedef struct LINEAR("swap_request") swap_request {
    struct swap_job *job; /* NULL: none */
} swap_request;

/**
 * Asks for a swap: all pairs of @p order in one transaction. Names and objects are copied.
 * @return false, with @p why set: no memory for the request and the objects' copies, or a name is too long.
 */
bool cells_swap(swap_request *request, const struct swap_order *order, struct why *why)
    TRY_MAKES(*request);
/** The same for one pair, without probation. */
bool cell_swap(swap_request *request, const char *old, const char *new, const void *image,
               size_t bytes, bool dry_run, struct why *why) TRY_MAKES(*request);

/** AGAIN until the swap is over; the caller is unparked then. OK: @p report is its report, of which
 *  report->status says how the swap went. */
MUST_CHECK enum status swap_step(swap_request *request, struct swap_report *report)
    BORROWS_MUT(*request);
/** Waits no longer. @return true: its turn had not come, and it is taken back; else it goes on, or is over.
 *  The drop. */
bool swap_drop(swap_request *request) TAKES(*request);
static inline UNCHECKED void swap_request_unwind(swap_request *request)
{
    if (request->job)
        swap_drop(request);
}

/** Waits until the swap is over. Returns as swap_step() does. */
static inline enum status swap_wait(swap_request *request, struct swap_report *report)
    TAKES(*request) REQUIRES(may_park);
static inline enum status swap_wait(swap_request *request, struct swap_report *report)
{
    enum status status;

    while ((status = swap_step(request, report)) == AGAIN)
        task_park();
    swap_drop(request);
    return status;
}

/** For the nucleus (hook), in its swap task: the next job, or NULL: there is none, and swap_wake() will come. It stays until
 *  swap_over(). */
struct swap_job *swap_next(void);
/** For the nucleus (hook): @p job came to @p status. */
void swap_over(struct swap_job *job, enum status status);

#endif
