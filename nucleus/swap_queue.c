/* The requests for swaps, the task that does them one after another, and what is remembered of the last
 * ones (abi/nucleus/swap.h). */
#include "cell_private.h"
#include "harts.h"

#define REQUESTS 32u

struct request {
    struct swap_report report;
    void *image; /* NULL: from the archive */
    size_t bytes;
    struct task *waiter; /* NULL: nobody asks for the report now */
};

static struct {
    struct spinlock lock;
    /* lock guards: */
    uint64_t last, over; /* numbers of the last request, and of the last that is over */
    struct request requests[REQUESTS]; /* number n at n % REQUESTS */
} queue;

static struct task swap_task;
static uint8_t swap_stack[16384] __attribute__((aligned(4096), section(".noinit")));

static inline struct request *request_of(uint64_t number) REQUIRES(queue.lock);
static inline struct request *request_of(uint64_t number)
{
    return &queue.requests[number % REQUESTS];
}

/* The oldest request that waits, or NULL. It stays where it is until it is over. Its turn has come. */
static struct request *next_request(void)
{
    OWN(spin_guard) guard = {0};
    struct request *request = NULL;

    spin_lock(&guard, &queue.lock);
    if (queue.over != queue.last) {
        request = request_of(queue.over + 1);
        request->report.begun = request->report.status == AGAIN;
    }
    spin_unlock(&guard, &queue.lock);
    return request;
}

static void request_over(struct request *request, enum status status)
{
    OWN(spin_guard) guard = {0};

    heap_free(buffer_kind, request->image);
    spin_lock(&guard, &queue.lock);
    request->image = NULL;
    request->report.status = status;
    queue.over++;
    if (request->waiter)
        task_unpark(request->waiter);
    request->waiter = NULL;
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
    request_over(request, request->report.begun
                              ? swap_run(&request->report, request->image, request->bytes)
                              : ERR_CANCELLED);
    return OK;
}

void swap_init(void)
{
    task_head_init(&swap_task, "swap", task_service, NULL, swap_stack, sizeof swap_stack);
    swap_task.step = swap_next;
}

/* Unchecked: makes the handle. */
bool cell_swap(swap_request *request, const char *old, const char *new, const void *image,
               size_t bytes, bool dry_run, struct why *why) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct request wanted;

    memset(&wanted, 0, sizeof wanted);
    wanted.report.status = AGAIN;
    wanted.report.dry_run = dry_run;
    wanted.bytes = bytes;
    if (!string_copy(wanted.report.old, CELL_NAME_ROOM, old) ||
        !string_copy(wanted.report.new, CELL_NAME_ROOM, new)) {
        why_set(why, ERR_INVALID, "a cell's name has at most %u letters", CELL_NAME_ROOM - 1);
        return false;
    }
    if (image) {
        wanted.image = heap_alloc_bytes(buffer_kind, bytes);
        if (!wanted.image) {
            why_set(why, ERR_NOMEM, "no memory for a copy of %s (%zu bytes)", new, bytes);
            return false;
        }
        memcpy(wanted.image, image, bytes);
    }
    spin_lock(&guard, &queue.lock);
    if (queue.last - queue.over < REQUESTS - 1) {
        wanted.report.number = ++queue.last;
        *request_of(queue.last) = wanted;
    }
    spin_unlock(&guard, &queue.lock);
    request->number = wanted.report.number;
    if (!request->number) {
        heap_free(buffer_kind, wanted.image);
        why_set(why, ERR_BUSY, "%u swaps wait already", REQUESTS - 1);
        return false;
    }
    task_unpark(&swap_task);
    return true;
}

enum status swap_step(swap_request *request, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    uint64_t number = request->number;
    enum status status = ERR_NOT_FOUND;
    struct request *asked;

    spin_lock(&guard, &queue.lock);
    asked = request_of(number);
    if (asked->report.number == number)
        status = number <= queue.over ? OK : AGAIN;
    if (status == AGAIN)
        asked->waiter = task_current();
    *report = asked->report;
    spin_unlock(&guard, &queue.lock);
    return status;
}

/* Unchecked: the drop of the handle. What is taken back keeps its place until its turn comes. */
bool swap_drop(swap_request *request) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct request *asked;
    bool back = false;

    spin_lock(&guard, &queue.lock);
    asked = request_of(request->number);
    if (asked->report.number == request->number) {
        asked->waiter = NULL;
        back = !asked->report.begun && asked->report.status == AGAIN;
        if (back)
            asked->report.status = ERR_CANCELLED;
    }
    spin_unlock(&guard, &queue.lock);
    request->number = 0;
    return back;
}

bool swap_get(unsigned index, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};
    bool found;

    spin_lock(&guard, &queue.lock);
    found = index < REQUESTS && index < queue.last;
    if (found)
        *report = request_of(queue.last - index)->report;
    spin_unlock(&guard, &queue.lock);
    return found;
}
