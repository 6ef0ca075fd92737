/*
 * A tray: it accepts values, counts them, and keeps each in an object. All its versions are made of this file
 * (CMakeLists.txt). With WIDE state and objects have another layout, which is reached from the first version's by
 * MIGRATE, and left again by it, unless ONE_WAY. Each can be told to go wrong (plan.h).
 */
#include "tray.h"

#include "cell.h"
#include "evolve.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/machine.h"
#include "plan.h"

#ifndef VERSION
#define VERSION 1
#endif
#define TEXT_OF(word) #word
#define VERSION_TEXT(version) TEXT_OF(version) ".0"

#define MARK 0x7472617920000000ul

/* The first version's layouts. Without WIDE they are today's, and `struct item` leads to itself. */
#ifdef WIDE
#define LAYOUT(tag) tag##_v1
#else
#define LAYOUT(tag) tag
#endif
struct LAYOUT(item) {
    struct LAYOUT(item) *next;
    uint64_t value;
};
struct LAYOUT(tray_state) {
    struct kind *items;
    struct LAYOUT(item) *first; /* atomic, both: put by any task */
    uint64_t count;
    uint64_t calls;
};

#ifdef WIDE
struct item {
    uint64_t mark;
    struct item *next;
    uint64_t value;
};
KIND(item, "item", struct item);
struct tray_state {
    uint64_t calls, count;
    struct item *first;
    struct kind *items;
    uint64_t mark;
};
#else
KIND(item, "item", struct item, .room = 16);
#endif
CELL_STATE(struct tray_state);

static bool is_whole(const struct item *item)
{
#ifdef WIDE
    return item->mark == (MARK ^ item->value);
#else
    return item->value < MARK;
#endif
}

EXPORT unsigned tray_put(uint64_t value)
{
    bool counts = planned(1) == TRAY_CALL_FAULTS || planned(1) == TRAY_CALL_FAULTS_EARLY;
    struct item *item;

    if (counts && __atomic_add_fetch(&state.calls, 1, __ATOMIC_RELAXED) == planned(2))
        fault();
    item = heap_alloc(state.items);
    if (!item)
        return 0;
    item->value = value;
#ifdef WIDE
    item->mark = MARK ^ value;
#endif
    item->next = __atomic_load_n(&state.first, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&state.first, &item->next, item, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
    __atomic_add_fetch(&state.count, 1, __ATOMIC_RELEASE);
    return VERSION;
}

EXPORT unsigned tray_version(void)
{
    return VERSION;
}

EXPORT uint64_t tray_count(void)
{
    return __atomic_load_n(&state.count, __ATOMIC_ACQUIRE);
}

EXPORT void tray_clear(struct tray_sums *sums)
{
    struct item *item;

    *sums = (struct tray_sums){0};
    while ((item = state.first)) {
        state.first = item->next;
        sums->count++;
        sums->sum += item->value;
        sums->damaged += !is_whole(item);
        heap_free(state.items, item);
    }
    state.count = state.calls = 0;
}

#ifdef WIDE
static enum status widen(const void *from, void *to, void *body)
{
    const struct item_v1 *old = from;

    (void)body;
    *(struct item *)to =
        (struct item){.mark = MARK ^ old->value, .next = (struct item *)old->next, .value = old->value};
    return OK;
}

static enum status widen_state(const void *from, void *to, void *body)
{
    const struct tray_state_v1 *old = from;

    (void)body;
    *(struct tray_state *)to = (struct tray_state){old->calls, old->count, (struct item *)old->first, old->items, MARK};
    return OK;
}

#ifdef ONE_WAY
#define narrow NULL
#define narrow_state NULL
#else
static enum status narrow(const void *from, void *to, void *body)
{
    const struct item *item = from;

    (void)body;
    *(struct item_v1 *)to = (struct item_v1){.next = (struct item_v1 *)item->next, .value = item->value};
    return OK;
}

static enum status narrow_state(const void *from, void *to, void *body)
{
    const struct tray_state *now = from;

    (void)body;
    *(struct tray_state_v1 *)to =
        (struct tray_state_v1){now->items, (struct item_v1 *)now->first, now->count, now->calls};
    return now->mark == MARK ? OK : ERR_FORMAT;
}
#endif
MIGRATE(item, struct item_v1, widen, narrow);
MIGRATE_STATE(struct tray_state_v1, widen_state, narrow_state);
#endif

/* An entry point, of which three things can go wrong. */
static enum status go(enum tray_plan fails, enum tray_plan faults, enum tray_plan hangs)
{
    if (planned(1) == faults)
        fault();
    if (planned(1) == hangs)
        loop();
    return planned(1) == fails ? ERR_IO : OK;
}

static enum status init(enum cell_reason reason)
{
    enum status status = go(TRAY_INIT_FAILS, TRAY_INIT_FAULTS, TRAY_INIT_HANGS);

    if (reason == REASON_SWAP || status != OK)
        return status;
    return kind_create(&state.items, &kind_item);
}

/* A start() that takes its time, while others call. */
static void wait_for_the_call(void)
{
    uint64_t since;

    while (__atomic_load_n(&state.calls, __ATOMIC_RELAXED) < planned(2))
        continue;
    since = hart_ticks();
    while (hart_ticks() - since < machine_timebase() / 50)
        continue;
}

static enum status start(enum cell_reason reason)
{
    (void)reason;
    if (planned(1) == TRAY_CALL_FAULTS_EARLY)
        wait_for_the_call();
    return go(TRAY_START_FAILS, TRAY_START_FAULTS, TRAY_START_HANGS);
}

static enum status check(void)
{
    return go(TRAY_CHECK_FAILS, TRAY_CHECK_FAULTS, TRAY_CHECK_FAULTS);
}

CELL(.name = "tray", .version = VERSION_TEXT(VERSION), .summary = "Accepts values, for tests of probation",
     .provides = "tray", .init = init, .start = start, .check = check);
