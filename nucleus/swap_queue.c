/* The requests for swaps, the task that does them one after another, and what is remembered of the last
 * ones (abi/nucleus/swap.h). */
#include "cell_private.h"
#include "harts.h"
#include "swap.h"

#define REQUESTS 32u

struct request {
    struct swap_report report;
    void *image; /* NULL: from the archive */
    size_t bytes;
    struct task *waiter;
};

static struct {
    struct spinlock lock;
    /* lock guards: */
    uint64_t last, over; /* numbers of the last request, and of the last that is over */
    struct request requests[REQUESTS]; /* number n at n % REQUESTS */
} queue;

static struct task swap_task;
static uint8_t swap_stack[16384] __attribute__((aligned(4096), section(".noinit")));

/* The oldest request that waits, or NULL. It stays where it is until it is over. */
static struct request *next_request(void)
{
    OWN(spin_guard) guard = {0};
    struct request *request = NULL;

    spin_lock(&guard, &queue.lock);
    if (queue.over != queue.last)
        request = &queue.requests[(queue.over + 1) % REQUESTS];
    spin_unlock(&guard, &queue.lock);
    return request;
}

static void request_over(struct request *request, enum status status)
{
    OWN(spin_guard) guard = {0};
    struct task *waiter;

    heap_free(buffer_kind, request->image);
    spin_lock(&guard, &queue.lock);
    request->image = NULL;
    request->report.status = status;
    queue.over++;
    waiter = request->waiter;
    if (waiter)
        task_unpark(waiter);
    spin_unlock(&guard, &queue.lock);
}

/* The step of the swap task. */
static enum status swap_next(void *unused)
{
    struct request *request = next_request();

    (void)unused;
    role_assert_may_park();
    if (!request)
        return AGAIN;
    request_over(request, swap_run(&request->report, request->image, request->bytes));
    return OK;
}

void swap_init(void)
{
    task_head_init(&swap_task, "swap", task_service, NULL, swap_stack, sizeof swap_stack);
    swap_task.step = swap_next;
}

enum status cell_swap(const char *old, const char *new, const void *image, size_t bytes,
                      bool dry_run, uint64_t *ticket, struct why *why)
{
    OWN(spin_guard) guard = {0};
    void *copy = NULL;
    struct request *request;

    if (strlen(old) >= CELL_NAME_ROOM || strlen(new) >= CELL_NAME_ROOM)
        return why_set(why, ERR_INVALID, "a cell's name has at most %u letters", CELL_NAME_ROOM - 1);
    if (image) {
        copy = heap_alloc_bytes(buffer_kind, bytes);
        if (!copy)
            return why_set(why, ERR_NOMEM, "no memory for a copy of %s (%zu bytes)", new, bytes);
        memcpy(copy, image, bytes);
    }
    spin_lock(&guard, &queue.lock);
    if (queue.last - queue.over == REQUESTS - 1) {
        spin_unlock(&guard, &queue.lock);
        heap_free(buffer_kind, copy);
        return why_set(why, ERR_BUSY, "%u swaps wait already", REQUESTS - 1);
    }
    *ticket = ++queue.last;
    request = &queue.requests[*ticket % REQUESTS];
    *request = (struct request){.report = {.number = *ticket, .dry_run = dry_run},
                                .image = copy,
                                .bytes = bytes};
    string_copy(request->report.old, CELL_NAME_ROOM, old);
    string_copy(request->report.new, CELL_NAME_ROOM, new);
    spin_unlock(&guard, &queue.lock);
    task_unpark(&swap_task);
    return OK;
}

enum status swap_step(uint64_t ticket, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    struct request *request = &queue.requests[ticket % REQUESTS];
    enum status status;

    spin_lock(&guard, &queue.lock);
    status = request->report.number != ticket || !ticket ? ERR_NOT_FOUND
             : ticket <= queue.over                      ? OK
                                                         : AGAIN;
    if (status == AGAIN)
        request->waiter = task_current();
    *report = request->report;
    spin_unlock(&guard, &queue.lock);
    return status;
}

bool swap_get(unsigned index, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    bool found;

    spin_lock(&guard, &queue.lock);
    found = index < REQUESTS && index < queue.last;
    if (found)
        *report = queue.requests[(queue.last - index) % REQUESTS].report;
    spin_unlock(&guard, &queue.lock);
    return found;
}
