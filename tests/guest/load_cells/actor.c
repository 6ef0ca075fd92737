/* A cell that misbehaves to a plan (load_cells.h): in init(), start() and stop(), each in any way that the
 * loader must cope with. It depends on all of the cells dep_a to dep_e. */
#include "command.h"
#include "load_cells.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "task.h"
#include "test.h"

/* More frames in a row than any step before it needs: so a load can lack memory for the state alone. */
#define STATE_BYTES 30000u

struct actor_state {
    uint64_t dirty_bytes; /* first, and set last: the rest is looked at before */
    struct kind *things, *buffers;
    void *kept;
    uint32_t let_go; /* atomic */
    uint8_t rest[STATE_BYTES];
};
CELL_STATE(struct actor_state);

static const uint64_t plan[2] = {ACTOR_MAGIC, 0};

static bool planned(enum actor_plan what)
{
    /* Volatile: the compiler must not know the plan, the test changes it. */
    return *(const volatile uint64_t *)&plan[1] & what;
}

static void fault(void)
{
    volatile uint64_t address = 8; /* which the compiler must not know */

    *(volatile uint64_t *)address = 0;
}

static enum status allocate(void)
{
    for (unsigned i = 0; i < 300; i++) {
        if (!heap_alloc(state.things) || !heap_alloc_bytes(state.buffers, 100 * i))
            return ERR_NOMEM;
    }
    return OK;
}

struct thing {
    uint8_t bytes[200];
};
KIND(thing, "thing", struct thing);
KIND_OF_BUFFERS(buffer, "buffer");

static enum status make_kinds(void)
{
    enum status status = kind_create(&state.things, &kind_thing);

    return status == OK ? kind_create(&state.buffers, &kind_buffer) : status;
}

static enum status actor_init(enum cell_reason reason)
{
    uint64_t dirty = 0;
    enum status status;

    if (reason == REASON_SWAP)
        return OK;
    for (size_t i = 0; i < sizeof state; i++)
        dirty += ((const volatile uint8_t *)&state)[i] != 0;
    log_write("load_cells: actor init");
    state.dirty_bytes = dirty;
    status = make_kinds();
    if (status == OK && planned(INIT_OBJECTS))
        status = allocate();
    if (status == OK && planned(INIT_CALLS))
        state.rest[0] = (uint8_t)dep_a(0);
    if (planned(INIT_FAULTS))
        fault();
    return planned(INIT_FAILS) ? ERR_IO : status;
}

static enum status actor_start(enum cell_reason reason)
{
    log_write("load_cells: actor start");
    if (reason == REASON_SWAP)
        return OK;
    if (planned(START_KEEPS) && !state.kept)
        state.kept = heap_alloc(state.things);
    if (planned(START_FAULTS))
        fault();
    if (planned(START_LOADS)) {
        role_assert_may_park();
        return cell_load("empty", NULL);
    }
    return planned(START_FAILS) ? ERR_IO : OK;
}

static enum status actor_stop(enum cell_reason reason)
{
    (void)reason;
    log_write("load_cells: actor stop");
    if (__atomic_load_n(&state.let_go, __ATOMIC_ACQUIRE))
        return OK;
    if (planned(STOP_FAULTS))
        fault();
    return planned(STOP_REFUSES) ? ERR_BUSY : OK;
}

EXPORT void actor_view(struct actor_view *view)
{
    *view = (struct actor_view){
        .state = &state, .state_bytes = sizeof state, .dirty_bytes = state.dirty_bytes};
}

EXPORT uint64_t actor_sum(void)
{
    return dep_a(0) + dep_b(0) + dep_c(0) + dep_d(0) + dep_e(0);
}

EXPORT void actor_let_go(void)
{
    heap_free(state.things, state.kept);
    state.kept = NULL;
    __atomic_store_n(&state.let_go, 1, __ATOMIC_RELEASE);
}

/* With a word more it waits without giving up its hart. */
static int actor(int argc, char **argv)
{
    (void)argv;
    role_assert_may_park();
    while (!__atomic_load_n(&state.let_go, __ATOMIC_ACQUIRE)) {
        if (argc == 1)
            task_park();
    }
    return 0;
}
COMMAND(actor, .usage = "actor [spin]", .help = "waits until a test lets it go", .run = actor);

TEST(actor, sums)
{
    CHECK(t, actor_sum() == ACTOR_SUM, "%lu", actor_sum());
}

CELL(.name = "actor", .version = "1.0", .summary = "Misbehaves to a plan: for tests of the loader",
     .init = actor_init, .start = actor_start, .stop = actor_stop);
