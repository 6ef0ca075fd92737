/* Who holds objects, by heap_holdings() of inspect.h. */
#include "clients.h"
#include "nucleus/cells.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"

#define ROOM_BYTES 262144u
#define FIRST_OBJECTS 40u
#define LOOKS 50u

static const struct holding *find_row(const struct holding *rows, unsigned count,
                                      enum holder_type type, const char *holder)
{
    for (unsigned i = 0; i < count; i++)
        if (rows[i].type == type && strcmp(rows[i].holder, holder) == 0 &&
            strcmp(rows[i].kind, "held") == 0 && strcmp(rows[i].owner, "spill_tests") == 0)
            return &rows[i];
    return NULL;
}

static uint64_t objects_of(const struct holding *rows, unsigned count, enum holder_type type,
                           const char *holder)
{
    const struct holding *row = find_row(rows, count, type, holder);

    return row ? row->objects : 0;
}

/* Holds the object on its stack while it sleeps. */
static int hold(void *argument)
{
    struct spill_state *state = argument;
    void *volatile held[1] = {state->on_stack};

    role_assert_may_park();
    state->on_stack = NULL;
    __atomic_store_n(&state->holds, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&state->holds, __ATOMIC_ACQUIRE))
        task_park();
    heap_free(state->held_kind, held[0]);
    return 0;
}

/* In the state: two objects, one twice, one by its middle. The first leads to itself, as an empty list does,
 * and to 40 others, through a word each. One is led to by nothing. */
static bool make_objects(struct spill_state *state)
{
    uint64_t **first = heap_alloc_bytes(state->held_kind, (FIRST_OBJECTS + 1) * sizeof *first);

    if (!first)
        return false;
    first[0] = (uint64_t *)first;
    for (unsigned i = 1; i <= FIRST_OBJECTS; i++) {
        first[i] = heap_alloc_bytes(state->held_kind, 64);
        if (first[i])
            memset(first[i], 0, 64);
    }
    state->in_state[0] = state->in_state[1] = first;
    state->in_state[2] = heap_alloc_bytes(state->held_kind, 64);
    state->on_stack = heap_alloc_bytes(state->held_kind, 64);
    state->hidden = ~(uint64_t)heap_alloc_bytes(state->held_kind, 64);
    if (!state->in_state[2] || !state->on_stack || !~state->hidden)
        return false;
    memset(state->in_state[2], 0, 64);
    memset((void *)~state->hidden, 0, 64);
    state->in_state[2] = (char *)state->in_state[2] + 24;
    return true;
}

static void free_objects(struct spill_state *state)
{
    uint64_t **first = state->in_state[0];

    for (unsigned i = 1; i <= FIRST_OBJECTS; i++)
        heap_free(state->held_kind, first[i]);
    heap_free(state->held_kind, (char *)state->in_state[2] - 24);
    heap_free(state->held_kind, (void *)~state->hidden);
    heap_free(state->held_kind, first);
    memset(state->in_state, 0, sizeof state->in_state);
}

/* Not inlined: nothing of it stays on the stack that is looked at. */
static __attribute__((noinline)) void check_holders(struct test_run *t, void *room)
{
    const struct holding *rows;
    unsigned count;
    enum status status = heap_holdings(room, ROOM_BYTES, &rows, &count);

    if (!CHECK(t, status == OK, "no room"))
        return;
    CHECK(t, objects_of(rows, count, HOLDER_STATE, "spill_tests") == 2, "the state holds %lu",
          objects_of(rows, count, HOLDER_STATE, "spill_tests"));
    CHECK(t, objects_of(rows, count, HOLDER_KIND, "spill_tests") == FIRST_OBJECTS,
          "the kind holds %lu", objects_of(rows, count, HOLDER_KIND, "spill_tests"));
    CHECK(t, objects_of(rows, count, HOLDER_TASK, "holder") == 1, "the task holds %lu",
          objects_of(rows, count, HOLDER_TASK, "holder"));
    CHECK(t, objects_of(rows, count, HOLDER_NONE, "") == 1, "nothing holds %lu",
          objects_of(rows, count, HOLDER_NONE, ""));
    status = heap_holdings(room, HOLDINGS_LEAST_BYTES - 8, &rows, &count);
    CHECK(t, status == ERR_NOMEM, "a room that is too small does");
}

/* The objects are made by a task, so that no word of them is left on the stack of the test. */
static int make_in_task(void *argument)
{
    return make_objects(argument);
}

static bool make_apart(struct spill_state *state) REQUIRES(may_park);
static bool make_apart(struct spill_state *state)
{
    OWN(task_handle) maker = {0};
    int made = 0;

    if (!task_spawn(&maker, "maker", make_in_task, state))
        return false;
    return task_join(&maker, &made) == OK && made;
}

TEST(spill, holders_of_objects_are_told)
{
    struct spill_state *state = spill_state();
    OWN(task_handle) holder = {0};
    void *room = heap_alloc_bytes(state->clients_kind, ROOM_BYTES);

    if (!CHECK(t, room && make_apart(state), "no memory"))
        return;
    if (!task_spawn(&holder, "holder", hold, state)) {
        CHECK(t, false, "no task");
        return;
    }
    while (!__atomic_load_n(&state->holds, __ATOMIC_ACQUIRE))
        clock_sleep(MS);
    clock_sleep(MS); /* it sleeps by then, or its whole stack is looked at */
    check_holders(t, room);
    __atomic_store_n(&state->holds, 0, __ATOMIC_RELEASE);
    task_unpark(holder.task);
    CHECK(t, task_join(&holder, NULL) == OK, "the holder faulted");
    free_objects(state);
    heap_free(state->clients_kind, room);
}

static int end_at_once(void *unused)
{
    (void)unused;
    return 0;
}

/* A round of what a scan may meet: a task that comes and goes, with its stack, a mapping, an object. */
static bool change_all(struct spill_state *state) REQUIRES(may_park);
static bool change_all(struct spill_state *state)
{
    void *object = heap_alloc_bytes(state->held_kind, 64);
    OWN(task_handle) child = {0};
    OWN(mapping) range = {0};

    heap_free(state->held_kind, object);
    if (mapping_map(&range, PAGE_BYTES, MAP_WRITE))
        mapping_drop(&range);
    if (!task_spawn(&child, "child", end_at_once, NULL))
        return false;
    return task_join(&child, NULL) == OK;
}

static int change_on(void *argument)
{
    struct spill_state *state = argument;
    bool good = true;

    role_assert_may_park();
    while (good && __atomic_load_n(&state->holds, __ATOMIC_ACQUIRE)) {
        good = change_all(state);
        task_drain();
        heap_drain();
    }
    return good;
}

/* A cell with a state and a kind that comes and goes. */
static int load_on(void *argument)
{
    const struct spill_state *state = argument;
    enum status status = OK;
    struct why why;

    role_assert_may_park();
    while (status == OK && __atomic_load_n(&state->holds, __ATOMIC_ACQUIRE)) {
        status = cell_load("visitor", &why);
        if (status == OK)
            status = cell_unload("visitor", &why);
    }
    return status == OK;
}

/* Looks that are taken while all that is looked at changes: none may fault, or last for ever. */
TEST(spill, holders_are_told_while_all_changes)
{
    struct spill_state *state = spill_state();
    void *room = heap_alloc_bytes(state->clients_kind, ROOM_BYTES);
    OWN(task_handle) loader = {0};
    OWN(task_handle) changer = {0};
    const struct holding *rows;
    int changed = 0, loaded = 0;
    unsigned count;

    if (!CHECK(t, room, "no memory"))
        return;
    state->holds = 1;
    if (!task_spawn(&changer, "changer", change_on, state)) {
        CHECK(t, false, "no task");
        return;
    }
    if (task_spawn(&loader, "loader", load_on, state)) {
        for (unsigned look = 0; look < LOOKS; look++) {
            enum status status = heap_holdings(room, ROOM_BYTES, &rows, &count);

            CHECK(t, status == OK, "look %u has no room", look);
            task_yield();
        }
        __atomic_store_n(&state->holds, 0, __ATOMIC_RELEASE);
        CHECK(t, task_join(&loader, &loaded) == OK && loaded, "a load or unload failed");
    }
    __atomic_store_n(&state->holds, 0, __ATOMIC_RELEASE);
    CHECK(t, task_join(&changer, &changed) == OK && changed, "a task was not made, or faulted");
    heap_free(state->clients_kind, room);
}
