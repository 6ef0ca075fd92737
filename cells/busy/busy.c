/*
 * Load for demonstrations and tests: tasks that count, sleep, yield and map memory until they are
 * told to stop, or their time is up.
 *
 * A worker's figures live in an object of its own; the state holds only the list of them. The task
 * itself takes its object out of the list and frees it, also when a fault ends it (worker_unwind).
 */
#include "cell.h"
#include "clock.h"
#include "command.h"
#include "console.h"
#include "nucleus/format.h"
#include "nucleus/heap.h"
#include "nucleus/list.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "task.h"
#include "vm.h"

#define NS_PER_SECOND 1000000000ull
#define MAX_TASKS 64u
#define MAX_SECONDS 1000000u
#define MAP_PAGES 4u

enum mode { MODE_COUNT, MODE_SLEEP, MODE_YIELD, MODE_MAP, MODES };

struct worker_object {
    struct list link;
    enum mode mode;
    uint64_t number; /* of the task */
    uint64_t end_ns; /* UINT64_MAX: never */
    uint64_t rounds; /* atomic; written by the worker alone */
    uint32_t stop;   /* atomic */
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
    uint32_t starting; /* tasks that were spawned or will be, not yet in the list */
};
CELL_STATE(struct busy_state);

static const char *const mode_names[] = {"count", "sleep", "yield", "map"};

static inline struct busy_state *state_locked(void) REQUIRES(state.lock);
static inline struct busy_state *state_locked(void)
{
    return &state;
}
