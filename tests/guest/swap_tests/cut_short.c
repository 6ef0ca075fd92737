/* Faults in hooks: each call is cut short, what the function held is given back, the nucleus goes on without, and a
 * swap sets all right again. Most are planted in the scheduler, at any of its instructions. */
#include "clock.h"
#include "console.h"
#include "crowd.h"
#include "inject.h"
#include "inspect.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "recovery.h"
#include "snapshot.h"
#include "swap_log.h"
#include "swaps.h"
#include "vm.h"

#define LOAD_PAGE_FAULT 13u
#define WAIT_NS (20 * MS) /* until somebody comes to the place */
#define TEXT_NS (300 * MS)
#define USUAL_FAULTS 40u
#define USUAL_PLACES 8u
#define TEXT "01234567890123456789"

static bool text_of(const char *cell, struct section_info *text)
{
    for (unsigned i = 0; cell_section(cell, i, text); i++) {
        if (strcmp(text->access, "rx") == 0)
            return true;
    }
    return false;
}

static bool hook_is_bound_to(const char *name, const char *cell)
{
    struct hook_info info;

    for (unsigned i = 0; hook_get(i, &info); i++) {
        if (strcmp(info.name, name) == 0)
            return strcmp(info.bound_to, cell) == 0;
    }
    return false;
}

/* Whether somebody comes to the planted fault. */
static bool comes(void) REQUIRES(may_park);
static bool comes(void)
{
    uint64_t limit = clock_now_ns() + WAIT_NS;

    while (clock_now_ns() < limit)
        clock_sleep(MS / 4);
    return !fault_unplant();
}

/* Plants a fault at @p offset of the text of @p cell, or behind it. @return the place; UINT64_MAX: none is left. */
static uint64_t plant_from(const char *cell, uint64_t offset) REQUIRES(may_park);
static uint64_t plant_from(const char *cell, uint64_t offset)
{
    struct section_info text;

    while (text_of(cell, &text) && offset < text.bytes) {
        if (fault_plant(text.address + offset, LOAD_PAGE_FAULT, 0) == OK)
            return offset;
        offset += 2;
    }
    return UINT64_MAX;
}

/* The scheduler has faulted at @p pc: the nucleus schedules, until the cell begins anew. */
static bool recovers(struct test_run *t, const struct crowd *crowd, const char *name, uint64_t offset)
    REQUIRES(may_park);
static bool recovers(struct test_run *t, const struct crowd *crowd, const char *name, uint64_t offset)
{
    bool plain = hook_is_bound_to("sched_pick", "") && hook_is_bound_to("sched_ready", "");

    return CHECK(t, plain, "it still schedules after a fault at 0x%lx", offset) &&
           CHECK(t, crowd_goes_on(t, crowd, 2), "nucleus, 0x%lx", offset) &&
           swap_good(t, name, name, NULL) &&
           CHECK(t, hook_is_bound_to("sched_pick", name), "0x%lx", offset) &&
           CHECK(t, crowd_goes_on(t, crowd, 2), "after the swap, 0x%lx", offset);
}

/* Some of each habit; not so many that who computes makes all others wait long. */
static bool crowd_start_small(struct crowd *crowd) REQUIRES(may_park);
static bool crowd_start_small(struct crowd *crowd)
{
    crowd_init(crowd);
    return crowd_add(crowd, 4, YIELDS) && crowd_add(crowd, 4, SLEEPS) &&
           crowd_add(crowd, 4, WAKES) && crowd_add(crowd, 2, COMPUTES);
}

static uint64_t text_bytes(const char *cell)
{
    struct section_info text;

    return text_of(cell, &text) ? text.bytes : 0;
}

TEST(swap, scheduler_that_faulted_anywhere_begins_anew)
{
    OWN(recovery_hold) alone = {0};
    unsigned places = 0, faults = 0;
    uint64_t offset = 0, stride;
    const char *names[2];
    struct crowd crowd;

    schedulers_name(names);
    if (!CHECK(t, text_bytes(names[0]) && crowd_start_small(&crowd), "no memory"))
        return;
    recovery_hold_begin(&alone);
    stride = text_bytes(names[0]) / swap_count(USUAL_FAULTS) + 2;
    while ((offset = plant_from(names[0], offset)) != UINT64_MAX) {
        places++;
        faults += comes();
        if (hook_is_bound_to("sched_pick", "") && !recovers(t, &crowd, names[0], offset))
            break;
        offset += stride / 2 * 2;
    }
    print("# the scheduler faulted at %u places of %u\n", faults, places);
    CHECK(t, faults >= 6, "only %u faults", faults);
    crowd_end(t, &crowd);
    recovery_hold_end(&alone);
}

/* --- other hooks: one function, what makes the nucleus call it, and whether that came through --- */

static enum status touch_lazy_page(void *argument)
{
    volatile uint64_t *word = argument;

    return *word == 0 ? OK : ERR_FAULT;
}

/* A page fault that is not served is a fault of the task. */
static bool page_is_lazy(void)
{
    OWN(mapping) page = {0};
    bool good;

    if (!mapping_map(&page, PAGE_BYTES, MAP_WRITE | MAP_LAZY))
        return false;
    good = guarded_call(touch_lazy_page, mapping_address(&page)) == OK;
    mapping_drop(&page);
    return good;
}

static bool fault_is_caught(void)
{
    return guarded_call(touch_lazy_page, (void *)0x1000) == ERR_FAULT;
}

static bool log_takes_a_line(void)
{
    char line[8];
    uint64_t from = 0;

    log_print("a line");
    return log_read(&from, line, sizeof line) > 0;
}

static bool time_passes(void) REQUIRES(may_park);
static bool time_passes(void)
{
    uint64_t before = clock_now_ns();

    clock_sleep(MS);
    return clock_now_ns() - before >= MS;
}

/* By interrupts, which may be off: then it waits for the next version. */
static bool text_goes_out(void) REQUIRES(may_park);
static bool text_goes_out(void)
{
    OWN(wait_op) op = {0};
    uint64_t limit = clock_now_ns() + TEXT_NS;
    enum status status = AGAIN;

    print("# more than the device takes at once: %s\n", TEXT);
    wait_begin(&op);
    while (status == AGAIN && clock_now_ns() < limit) {
        status = console_flush_step(&op);
        clock_sleep(MS / 4);
    }
    wait_end(&op);
    return status == OK;
}

enum outcome { FAILS, BEARS, EITHER };

static const struct hook_case {
    const char *cell, *function, *hook;
    bool (*act)(void);
    enum outcome outcome; /* what becomes of it in spite of the fault */
} hook_cases[] = {
    {"vm", "vm_page_fault", "vm_page_fault", page_is_lazy, FAILS},
    {"inspect", "fault_report", "fault_report", fault_is_caught, BEARS},
    {"inspect", "fault_outcome", "fault_outcome", fault_is_caught, BEARS},
    {"inspect", "code_describe", "code_describe", fault_is_caught, BEARS},
    {"uart", "console_emergency", "console_emergency", log_takes_a_line, BEARS},
    {"clock", "clock_interrupt", "clock_interrupt", time_passes, BEARS},
    {"uart", "uart_interrupt", "irq_interrupt", text_goes_out, EITHER},
    {"plic", "irq_interrupt", "irq_interrupt", text_goes_out, EITHER},
};

/* Where static function @p name of @p cell is. */
static bool function_find(const char *cell, const char *name, struct symbol_info *info)
{
    struct section_info text;

    if (!text_of(cell, &text))
        return false;
    for (uint64_t at = text.address; at < text.address + text.bytes; at += 2) {
        if (symbol_at(at, info) && strcmp(info->name, name) == 0)
            return true;
    }
    return false;
}

/* One place of it. @return whether somebody came there. */
static bool cut_at(struct test_run *t, const struct hook_case *hook, uint64_t pc, uint64_t offset)
    REQUIRES(may_park);
static bool cut_at(struct test_run *t, const struct hook_case *hook, uint64_t pc, uint64_t offset)
{
    bool through, hit;

    if (fault_plant(pc, LOAD_PAGE_FAULT, 0) != OK)
        return false;
    through = hook->act();
    hit = !fault_unplant();
    CHECK(t, !hit || hook->outcome == EITHER || through == (hook->outcome == BEARS),
          "%s+0x%lx: %d", hook->function, offset, through);
    return hit;
}

static void cut_short(struct test_run *t, const struct hook_case *hook) REQUIRES(may_park);
static void cut_short(struct test_run *t, const struct hook_case *hook)
{
    struct symbol_info function;
    unsigned hits = 0;
    uint64_t stride;

    if (!CHECK(t, function_find(hook->cell, hook->function, &function), "no %s", hook->function))
        return;
    stride = function.bytes / swap_count(USUAL_PLACES) + 2;
    for (uint64_t offset = 0, from = 0; offset < function.bytes; offset += 2) {
        if (offset < from || !cut_at(t, hook, function.address + offset, offset))
            continue;
        hits++;
        from = offset + stride;
        if (!swap_good(t, hook->cell, hook->cell, NULL) ||
            !function_find(hook->cell, hook->function, &function))
            return;
        CHECK(t, !hook_is_bound_to(hook->hook, ""), "%s+0x%lx", hook->function, offset);
        CHECK(t, hook->act(), "after %s+0x%lx", hook->function, offset);
    }
    CHECK(t, hits > 0, "nobody came to %s", hook->function);
    print("# %s:%s was cut short at %u places\n", hook->cell, hook->function, hits);
}

/* Not inlined, as clearing is not within a function that has a handle. */
static __attribute__((noinline)) void order_begin(struct swap_order *order, struct swap_report *report)
{
    memset(order, 0, sizeof *order);
    memset(report, 0, sizeof *report);
    order->count = 1;
    order->probation = true;
    order->pairs[0].old = order->pairs[0].new = "victim";
}

/* Whether recovery is woken still: it ends a probation. */
static bool recovery_hears(void) REQUIRES(may_park);
static bool recovery_hears(void)
{
    OWN(swap_request) request = {0};
    struct swap_report report, last;
    struct swap_order order;
    uint64_t limit;

    order_begin(&order, &report);
    if (!cells_swap(&request, &order, &report.why) || swap_wait(&request, &report) != OK || !report.probation)
        return false;
    limit = clock_now_ns() + LIMIT_NS;
    while (swap_get(0, &last) && (last.number == report.number || !last.done) && clock_now_ns() < limit)
        clock_sleep(MS);
    return last.action == SWAP_FOR_GOOD && last.done;
}

TEST(swap, sets_right_what_was_cut_short)
{
    OWN(recovery_hold) alone = {0};

    recovery_hold_begin(&alone);
    for (unsigned i = 0; i < sizeof hook_cases / sizeof hook_cases[0]; i++)
        cut_short(t, &hook_cases[i]);
    recovery_hold_end(&alone);
    CHECK(t, recovery_hears(), "no probation ends any more");
}
