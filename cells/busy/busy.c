/*
 * Load for demonstrations and tests: tasks that count, sleep, yield and map memory until they are
 * told to stop, or their time is up.
 *
 * A worker is a service (task_service()): between two steps, and so while it sleeps, it has no frame
 * here, and this cell can be replaced. Its figures and its timer live in an object of its own; the
 * state holds only the list of them. The last step takes the object out of the list and frees it; so
 * does a fault (worker_unwind).
 */
#include "cell.h"
#include "clock.h"
#include "command.h"
#include "console.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"
#include "vm.h"

#define NS_PER_SECOND 1000000000ull
#define MAX_TASKS 64u
#define MAX_SECONDS 1000000u
#define STOP_WAIT_NS (10 * NS_PER_SECOND)
#define COUNTS_PER_ROUND 1000u
#define MAP_BYTES (4 * PAGE_BYTES)
#define SLEEP_NS 1000000u

enum mode { MODE_COUNT, MODE_SLEEP, MODE_YIELD, MODE_MAP, MODES };
static const char *const mode_names[] = {"count", "sleep", "yield", "map"};

struct HOLDS worker_object {
    struct list link;
    enum mode mode;
    uint64_t number; /* of the task; 0 until it runs */
    uint64_t end_ns; /* UINT64_MAX: never */
    uint64_t rounds; /* what it has done: counts, sleeps, yields, mappings; it alone writes */
    uint32_t stop;   /* atomic */
    clock_op timer;  /* of MODE_SLEEP; empty between two sleeps; worker_drop() ends it */
};

/** What `busy` shows of a worker. */
struct worker_row {
    uint64_t number, rounds;
    enum mode mode;
};

/** A worker's hold on its object. */
typedef struct LINEAR("worker") worker {
    struct worker_object *object;
} worker;

struct busy_state {
    struct kind *workers_kind;
    struct spinlock lock;
    /* lock guards: */
    struct list workers;
};
CELL_STATE(struct busy_state);

static inline struct list *workers_locked(void) REQUIRES(state.lock);
static inline struct list *workers_locked(void)
{
    return &state.workers;
}

static void worker_adopt(worker *self, struct worker_object *object) MAKES(*self);
static void worker_leave(worker *self) TAKES(*self);
static void worker_drop(worker *self) TAKES(*self);

/* Unchecked: makes the handle, for the time of a step, or until the worker's task has begun. */
static void worker_adopt(worker *self, struct worker_object *object) UNCHECKED
{
    self->object = object;
}

/* Unchecked: ends it; the object waits for the next step. */
static void worker_leave(worker *self) UNCHECKED
{
    self->object = NULL;
}

static void object_remove(struct worker_object *object)
{
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, &state.lock);
    list_remove(&object->link);
    spin_unlock(&guard, &state.lock);
    heap_free(state.workers_kind, object);
}

/* Unchecked: the drop of the handle. */
static void worker_drop(worker *self) UNCHECKED
{
    clock_op_unwind(&self->object->timer);
    object_remove(self->object);
    self->object = NULL;
}

/* Unchecked: drops on the unwind path. */
static void worker_unwind(worker *self) UNCHECKED
{
    if (self->object)
        worker_drop(self);
}

static bool is_over(const struct worker_object *object)
{
    return __atomic_load_n(&object->stop, __ATOMIC_RELAXED) || task_cancelled() ||
           clock_now_ns() >= object->end_ns;
}

static void count_up(struct worker_object *object)
{
    __atomic_store_n(&object->rounds, object->rounds + 1, __ATOMIC_RELAXED);
}

static void map_and_touch(void)
{
    OWN(mapping) memory = {0};

    if (!mapping_map(&memory, MAP_BYTES, MAP_WRITE | MAP_LAZY))
        return; /* a load takes what there is; the next round asks again */
    for (size_t offset = 0; offset < MAP_BYTES; offset += PAGE_BYTES)
        ((volatile char *)mapping_address(&memory))[offset] = 1;
    mapping_drop(&memory);
}

/* Unchecked: the timer is made in one step and ended in a later one. @return AGAIN: it sleeps. */
static enum status sleep_on(struct worker_object *object) UNCHECKED
{
    if (!object->timer.task)
        clock_begin(&object->timer, clock_now_ns() + SLEEP_NS);
    if (clock_step(&object->timer) == AGAIN)
        return AGAIN;
    clock_end(&object->timer);
    return OK;
}

/* One round. @return AGAIN: it has to wait first. */
static enum status work(struct worker_object *object) REQUIRES(may_park);
static enum status work(struct worker_object *object)
{
    switch (object->mode) {
    case MODE_SLEEP:
        if (sleep_on(object) == AGAIN)
            return AGAIN;
        break;
    case MODE_YIELD:
        task_yield();
        break;
    case MODE_MAP:
        map_and_touch();
        break;
    default:
        for (unsigned i = 1; i < COUNTS_PER_ROUND; i++)
            count_up(object);
        break;
    }
    count_up(object);
    return OK;
}

static enum status worker_step(void *argument)
{
    OWN(worker) self = {0};
    enum status status;

    role_assert_may_park();
    worker_adopt(&self, argument);
    self.object->number = task_current()->number;
    if (is_over(self.object)) {
        worker_drop(&self);
        return ERR_CANCELLED;
    }
    status = work(self.object);
    worker_leave(&self);
    return status;
}

static bool worker_start(enum mode mode, uint64_t end_ns)
{
    OWN(worker) self = {0};
    OWN(spin_guard) guard = {0};
    OWN(task_handle) task = {0};
    struct worker_object *object = heap_alloc(state.workers_kind);

    if (!object)
        return false;
    *object = (struct worker_object){.mode = mode, .end_ns = end_ns};
    spin_lock(&guard, &state.lock);
    list_push_back(workers_locked(), &object->link);
    spin_unlock(&guard, &state.lock);
    worker_adopt(&self, object);
    if (!task_spawn_service(&task, mode_names[mode], worker_step, object)) {
        worker_drop(&self);
        return false;
    }
    worker_leave(&self); /* the task has it now, and may have ended already */
    task_detach(&task);
    return true;
}

/** Tells all workers to stop. @return how many there are. */
static unsigned workers_stop(void)
{
    OWN(spin_guard) guard = {0};
    unsigned count = 0;

    spin_lock(&guard, &state.lock);
    list_each(node, workers_locked())
    {
        __atomic_store_n(&list_entry(node, struct worker_object, link)->stop, 1, __ATOMIC_RELAXED);
        count++;
    }
    spin_unlock(&guard, &state.lock);
    return count;
}

/** Copies up to @p most workers. @return how many. */
static unsigned workers_copy(struct worker_row *to, unsigned most)
{
    OWN(spin_guard) guard = {0};
    unsigned count = 0;

    spin_lock(&guard, &state.lock);
    list_each(node, workers_locked())
    {
        const struct worker_object *object = list_entry(node, struct worker_object, link);

        if (count == most)
            break;
        to[count++] = (struct worker_row){
            .number = object->number, .rounds = object->rounds, .mode = object->mode};
    }
    spin_unlock(&guard, &state.lock);
    return count;
}

static int command_list(void) REQUIRES(may_park);
static int command_list(void)
{
    struct worker_row workers[MAX_TASKS];
    unsigned count = workers_copy(workers, MAX_TASKS);

    if (count == 0) {
        print("no busy tasks (help busy tells how to start some)\n");
        return 0;
    }
    print("%6s  %-6s %16s\n", "task", "does", "rounds");
    for (unsigned i = 0; i < count; i++)
        print("%6lu  %-6s %16lu\n", workers[i].number, mode_names[workers[i].mode],
              workers[i].rounds);
    return 0;
}

static int command_stop(void) REQUIRES(may_park);
static int command_stop(void)
{
    uint64_t limit = clock_now_ns() + STOP_WAIT_NS;
    unsigned asked = workers_stop();
    unsigned left = asked;

    while (left && clock_now_ns() < limit && !task_cancelled()) {
        clock_sleep(SLEEP_NS);
        left = workers_stop();
    }
    print("%u busy tasks ended\n", asked - left);
    if (left == 0)
        return 0;
    print("busy: %u go on; see tasks\n", left);
    return 1;
}

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    return string_to_u64(text, value) && *value >= least && *value <= most;
}

/** @return the mode of that name, MODES for mix, or -1. */
static int mode_find(const char *name)
{
    for (int mode = 0; mode < MODES; mode++)
        if (strcmp(name, mode_names[mode]) == 0)
            return mode;
    return strcmp(name, "mix") == 0 ? MODES : -1;
}

static int usage(void) REQUIRES(may_park);
static int usage(void)
{
    print("usage: busy [count|sleep|yield|map|mix [TASKS [SECONDS]] | stop]\n");
    return 2;
}

static int busy(int argc, char **argv)
{
    uint64_t tasks = 1;
    uint64_t seconds = 0;
    uint64_t end_ns;
    int mode;

    role_assert_may_park();
    if (argc == 1)
        return command_list();
    if (argc == 2 && strcmp(argv[1], "stop") == 0)
        return command_stop();
    mode = mode_find(argv[1]);
    if (mode < 0 || argc > 4 || (argc > 2 && !read_number(argv[2], 1, MAX_TASKS, &tasks)) ||
        (argc > 3 && !read_number(argv[3], 1, MAX_SECONDS, &seconds)))
        return usage();
    end_ns = seconds ? clock_now_ns() + seconds * NS_PER_SECOND : UINT64_MAX;
    for (uint64_t i = 0; i < tasks; i++) {
        if (worker_start(mode == MODES ? (enum mode)(i % MODES) : (enum mode)mode, end_ns))
            continue;
        print("busy: no memory for more than %lu tasks\n", i);
        return 1;
    }
    return 0;
}

COMMAND(busy, .usage = "busy [count|sleep|yield|map|mix [TASKS [SECONDS]] | stop]",
        .help = "starts tasks that keep the system busy; alone, lists them\n"
                "count computes, sleep sleeps 1 ms at a time, yield gives up the hart, map maps\n"
                "and touches 16 KiB; mix starts one of each in turn. TASKS is 1 to 64, 1 unless\n"
                "given. They run for SECONDS, or until `busy stop`.",
        .run = busy);

KIND(worker, "busy worker", struct worker_object);

static enum status busy_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's, and its workers go on */
    list_init(&state.workers);
    return kind_create(&state.workers_kind, &kind_worker);
}

static enum status busy_stop(enum cell_reason reason)
{
    (void)reason;
    return workers_stop() ? ERR_BUSY : OK;
}

CELL(.name = "busy", .version = "1.0",
     .summary = "Load for demonstrations and tests: tasks that count, sleep, yield and map",
     .init = busy_init, .stop = busy_stop);
