/* The requests for swaps, and the task that does them one after another (abi/nucleus/swap.h). What becomes of each
 * is told to whoever keeps a history (hook swap_noted). */
#include "cell_private.h"
#include "harts.h"
#include "hooks_private.h"

/* A request, of buffer_kind. It goes when it is over and its handle was dropped. */
struct swap_job {
    struct list link; /* in the queue until its turn comes */
    struct swap_report report;
    const void *image; /* a copy, behind this; NULL: from the archive */
    size_t bytes;
    struct task *waiter; /* NULL: nobody asked for the report yet */
    bool dropped;
};

static struct {
    struct spinlock lock;
    /* lock guards, with all jobs: */
    struct list waiting;
    uint64_t last; /* number */
} queue = {.waiting = {&queue.waiting, &queue.waiting}};

static struct task swap_task;
static uint8_t swap_stack[16384] __attribute__((aligned(4096), section(".noinit")));

static void job_over(struct swap_job *job, enum status status) REQUIRES(queue.lock)
{
    job->report.status = status;
    hooks.swap_noted(&job->report);
    if (job->dropped)
        heap_free(buffer_kind, job);
    else if (job->waiter)
        task_unpark(job->waiter);
}

/* The step of the swap task. */
static enum status swap_next(void *unused)
{
    OWN(spin_guard) guard = {0};
    struct swap_job *job = NULL;
    enum status status;
    struct list *node;

    (void)unused;
    role_assert_may_park();
    spin_lock(&guard, &queue.lock);
    node = list_pop_front(&queue.waiting);
    if (node) {
        job = list_entry(node, struct swap_job, link);
        job->report.begun = true;
        hooks.swap_noted(&job->report);
    }
    spin_unlock(&guard, &queue.lock);
    if (!job)
        return AGAIN;
    status = swap_run(&job->report, job->image, job->bytes);
    spin_lock(&guard, &queue.lock);
    job_over(job, status);
    spin_unlock(&guard, &queue.lock);
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
    size_t copy = image ? bytes : 0;
    struct swap_job *job = NULL;

    if (strlen(old) >= CELL_NAME_ROOM || strlen(new) >= CELL_NAME_ROOM) {
        why_set(why, ERR_INVALID, "a cell's name has at most %u letters", CELL_NAME_ROOM - 1);
        return false;
    }
    if (copy < HEAP_MAX_BYTES)
        job = heap_alloc_bytes(buffer_kind, sizeof *job + copy);
    if (!job) {
        why_set(why, ERR_NOMEM, "no memory for a copy of %s (%zu bytes)", new, bytes);
        return false;
    }
    memset(job, 0, sizeof *job);
    string_copy(job->report.old, CELL_NAME_ROOM, old);
    string_copy(job->report.new, CELL_NAME_ROOM, new);
    job->report.status = AGAIN;
    job->report.dry_run = dry_run;
    job->image = image ? memcpy(job + 1, image, bytes) : NULL;
    job->bytes = bytes;
    spin_lock(&guard, &queue.lock);
    job->report.number = ++queue.last;
    list_push_back(&queue.waiting, &job->link);
    hooks.swap_noted(&job->report);
    spin_unlock(&guard, &queue.lock);
    task_unpark(&swap_task);
    request->job = job;
    return true;
}

enum status swap_step(swap_request *request, struct swap_report *report)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &queue.lock);
    request->job->waiter = task_current();
    *report = request->job->report;
    spin_unlock(&guard, &queue.lock);
    return report->status == AGAIN ? AGAIN : OK;
}

/* Unchecked: the drop of the handle. */
bool swap_drop(swap_request *request) UNCHECKED
{
    OWN(spin_guard) guard = {0};
    struct swap_job *job = request->job;
    bool waits;

    spin_lock(&guard, &queue.lock);
    waits = !job->report.begun;
    job->dropped = true;
    if (waits) {
        list_remove(&job->link);
        job_over(job, ERR_CANCELLED);
    } else if (job->report.status != AGAIN) {
        heap_free(buffer_kind, job);
    }
    spin_unlock(&guard, &queue.lock);
    request->job = NULL;
    return waits;
}
