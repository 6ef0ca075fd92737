/* What mappings do when several harts use them at once. A test here judges what may never happen,
 * and needs no particular timing to be right. */
#include "clock.h"
#include "nucleus/string.h"
#include "probe.h"
#include "vm.h"

#define PAGES 4u
#define ROUNDS 8u

/* What the tasks of a test share; on the stack of the test, which outlives them. */
struct shared {
    uint32_t arrived;
    uint32_t started;         /* tasks that have read or stored at least once */
    uint32_t closed;          /* set when the operation under test has returned */
    uint32_t late;            /* accesses that succeeded although they began after that */
    volatile uint64_t *words; /* the mapping */
};

static void wait_for(const uint32_t *counter, uint32_t value) REQUIRES(may_park);
static void wait_for(const uint32_t *counter, uint32_t value)
{
    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < value)
        task_yield();
}

/* Accesses the words over and over, until a fault ends it. */
static int use_for_ever(struct shared *shared, bool store)
{
    volatile uint64_t *words = shared->words;

    for (uint64_t i = 0;; i++) {
        volatile uint64_t *word = &words[i % PAGES * (PAGE_BYTES / 8) + hart_index()];
        bool closed = __atomic_load_n(&shared->closed, __ATOMIC_ACQUIRE);

        if (store)
            *word = i;
        else
            (void)*word;
        if (closed) {
            __atomic_fetch_add(&shared->late, 1, __ATOMIC_RELAXED);
            return 1;
        }
        if (i == PAGES)
            __atomic_fetch_add(&shared->started, 1, __ATOMIC_RELEASE);
    }
}

static int reader(void *argument)
{
    role_assert_may_park();
    return use_for_ever(argument, false);
}

static int writer(void *argument)
{
    role_assert_may_park();
    return use_for_ever(argument, true);
}

static void spawn_users(struct test_run *t, struct group *group, struct shared *shared,
                        int (*entry)(void *))
{
    for (unsigned i = 0; i < hart_count(); i++)
        CHECK(t, group_add(group, "user", entry, shared), "no memory");
}

static void check_all_faulted(struct test_run *t, const struct group *group,
                              const struct shared *shared)
{
    for (unsigned i = 0; i < group->count; i++)
        CHECK(t, group->status[i] == ERR_FAULT, "task %u went on", i);
    CHECK(t, shared->late == 0, "%u accesses through stale translations", shared->late);
}

static void drop_round(struct test_run *t) REQUIRES(may_park);
static void drop_round(struct test_run *t)
{
    OWN(mapping) m = {0};
    OWN(mapping) next = {0};
    struct shared shared = {0};
    struct group group;

    memset(&group, 0, sizeof group);
    if (!mapping_map(&m, PAGES * PAGE_BYTES, MAP_WRITE | MAP_ZERO)) {
        CHECK(t, false, "no memory");
        return;
    }
    shared.words = mapping_address(&m);
    spawn_users(t, &group, &shared, reader);
    wait_for(&shared.started, group.count);
    mapping_drop(&m);
    __atomic_store_n(&shared.closed, 1, __ATOMIC_RELEASE);
    group_join(&group);
    check_all_faulted(t, &group, &shared);
    if (mapping_map(&next, PAGES * PAGE_BYTES, MAP_WRITE | MAP_ZERO))
        mapping_drop(&next);
}

TEST(vm, drop_is_seen_by_all_harts)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        drop_round(t);
}

static void protect_round(struct test_run *t) REQUIRES(may_park);
static void protect_round(struct test_run *t)
{
    OWN(mapping) m = {0};
    struct shared shared = {0};
    struct group group;
    uint64_t copy[PAGES][MAX_HARTS];

    memset(&group, 0, sizeof group);
    if (!mapping_map(&m, PAGES * PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    shared.words = mapping_address(&m);
    spawn_users(t, &group, &shared, writer);
    wait_for(&shared.started, group.count);
    mapping_protect(&m, MAP_READ);
    for (unsigned page = 0; page < PAGES; page++)
        memcpy(copy[page], (void *)&shared.words[page * PAGE_BYTES / 8], sizeof copy[page]);
    __atomic_store_n(&shared.closed, 1, __ATOMIC_RELEASE);
    group_join(&group);
    check_all_faulted(t, &group, &shared);
    for (unsigned page = 0; page < PAGES; page++)
        CHECK(t,
              memcmp(copy[page], (void *)&shared.words[page * PAGE_BYTES / 8], sizeof copy[page]) ==
                  0,
              "page %u was written after it became read-only", page);
    mapping_drop(&m);
}

TEST(vm, protect_is_seen_by_all_harts)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        protect_round(t);
}

#define LAZY_PAGES 64u

/* Adds one to a word of each page, all tasks to the same words at the same time. */
static int toucher(void *argument)
{
    struct shared *shared = argument;

    role_assert_may_park();
    meet(&shared->arrived, hart_count());
    for (unsigned page = 0; page < LAZY_PAGES; page++)
        __atomic_fetch_add(&shared->words[page * PAGE_BYTES / 8], 1, __ATOMIC_RELAXED);
    return 0;
}

TEST(vm, lazy_page_touched_by_all_harts_gets_one_frame)
{
    OWN(mapping) m = {0};
    struct shared shared = {0};
    struct group group;
    struct vm_stats before, after;

    memset(&group, 0, sizeof group);
    if (!mapping_map(&m, LAZY_PAGES * PAGE_BYTES, MAP_WRITE | MAP_LAZY)) {
        CHECK(t, false, "no memory");
        return;
    }
    shared.words = mapping_address(&m);
    vm_stats(&before);
    for (unsigned i = 0; i < hart_count(); i++) {
        if (!CHECK(t, group_add(&group, "touch", toucher, &shared), "no memory"))
            __atomic_fetch_add(&shared.arrived, 1, __ATOMIC_RELEASE); /* the others go on */
    }
    group_join(&group);
    vm_stats(&after);
    CHECK(t, after.faults_served - before.faults_served == LAZY_PAGES, "%lu",
          after.faults_served - before.faults_served);
    for (unsigned page = 0; page < LAZY_PAGES; page++)
        CHECK(t, shared.words[page * PAGE_BYTES / 8] == group.count, "page %u: %lu of %u", page,
              shared.words[page * PAGE_BYTES / 8], group.count);
    mapping_drop(&m);
}

/* Rounds of all tasks together: a fence on all harts takes QEMU up to 16 ms for each. */
#define CHURN_ROUNDS 96u

/* Maps, marks, checks and drops, so that ranges, frames and tables change hands between harts. */
static int churner(void *argument)
{
    struct shared *shared = argument;

    role_assert_may_park();
    for (uint64_t i = 0; i < CHURN_ROUNDS / hart_count(); i++) {
        OWN(mapping) m = {0};
        volatile uint64_t *last;

        if (!mapping_map(&m, (i % 9 + 1) * PAGE_BYTES, MAP_WRITE | (i & 1 ? MAP_LAZY : 0)))
            return 1;
        last = (uint64_t *)((uint8_t *)mapping_address(&m) + mapping_bytes(&m)) - 1;
        *last = (uint64_t)last ^ i;
        if (i % 8 == 0)
            task_yield();
        if (*last != ((uint64_t)last ^ i))
            __atomic_fetch_add(&shared->late, 1, __ATOMIC_RELAXED);
        mapping_drop(&m);
    }
    return 0;
}

TEST(vm, mappings_made_on_all_harts_keep_apart)
{
    struct shared shared = {0};
    struct group group = {0};

    spawn_users(t, &group, &shared, churner);
    group_join(&group);
    for (unsigned i = 0; i < group.count; i++)
        CHECK(t, group.status[i] == OK && group.result[i] == 0, "task %u", i);
    CHECK(t, shared.late == 0, "%u values changed under their owner", shared.late);
}
