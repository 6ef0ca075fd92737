/* External interrupts, with the machine's real-time clock as the device that makes them. */
#include "clock.h"
#include "console.h"
#include "devicetree.h"
#include "irq.h"
#include "nucleus/machine.h"
#include "test.h"
#include "vm.h"

#define MS 1000000ul
#define LIMIT_NS (5000 * MS)

/* Goldfish RTC registers (its QEMU model, hw/rtc/goldfish_rtc.c, as 32-bit words): an alarm that
 * is set to a time of the past goes off at once. */
enum rtc_register {
    RTC_ALARM_LOW = 2,
    RTC_ALARM_HIGH = 3,
    RTC_IRQ_ENABLED = 4,
    RTC_CLEAR_INTERRUPT = 7,
};

struct alarm {
    volatile uint32_t *registers;
    uint32_t source;
    uint32_t heard; /* atomic */
};

static void alarm_heard(void *argument)
{
    struct alarm *alarm = argument;

    alarm->registers[RTC_CLEAR_INTERRUPT] = 1;
    __atomic_fetch_add(&alarm->heard, 1, __ATOMIC_RELEASE);
}

static void alarm_ring(const struct alarm *alarm)
{
    alarm->registers[RTC_IRQ_ENABLED] = 1;
    alarm->registers[RTC_ALARM_HIGH] = 0;
    alarm->registers[RTC_ALARM_LOW] = 1;
}

/** Finds the real-time clock and maps it. @return false: the machine has none, or no memory. */
static bool alarm_open(struct alarm *alarm, mapping *registers) TRY_MAKES(*registers);
/* Unchecked: makes the mapping. */
static bool alarm_open(struct alarm *alarm, mapping *registers) UNCHECKED
{
    dt_node node;
    paddr base;
    uint64_t bytes;

    if (!dt_find_compatible("google,goldfish-rtc", NULL, &node) ||
        !dt_u32(node, "interrupts", 0, &alarm->source) || !dt_reg(node, 0, &base, &bytes) ||
        !mapping_map_device(registers, base, bytes))
        return false;
    alarm->registers = mapping_address(registers);
    return true;
}

/** Waits until @p count interrupts were heard. @return how many were. */
static uint32_t wait_heard(const struct alarm *alarm, uint32_t count) REQUIRES(may_park);
static uint32_t wait_heard(const struct alarm *alarm, uint32_t count)
{
    uint64_t limit = clock_now_ns() + LIMIT_NS;

    while (__atomic_load_n(&alarm->heard, __ATOMIC_ACQUIRE) < count && clock_now_ns() < limit)
        task_yield();
    return __atomic_load_n(&alarm->heard, __ATOMIC_ACQUIRE);
}

TEST(device, irq_reaches_its_handler_each_time)
{
    OWN(mapping) registers = {0};
    OWN(irq_line) line = {0};
    struct alarm alarm = {0};
    uint64_t before;
    uint32_t heard = 0;

    if (!alarm_open(&alarm, &registers)) {
        CHECK(t, false, "the machine's goldfish RTC was not found or not mapped");
        return;
    }
    if (!irq_attach(&line, alarm.source, alarm_heard, &alarm)) {
        CHECK(t, false, "source %u is taken", alarm.source);
        mapping_drop(&registers);
        return;
    }
    before = irq_count(alarm.source);
    for (uint32_t i = 0; i < 20 && heard == i; i++) {
        alarm_ring(&alarm);
        heard = wait_heard(&alarm, i + 1);
    }
    CHECK(t, heard == 20, "%u of 20 interrupts were handled", heard);
    CHECK(t, irq_count(alarm.source) - before == heard, "%lu counted",
          irq_count(alarm.source) - before);
    irq_detach(&line);
    mapping_drop(&registers);
}

/* What happens meanwhile is not lost: the controller keeps it, and the next handler hears of it. */
TEST(device, irq_is_silent_when_detached)
{
    OWN(mapping) registers = {0};
    struct alarm alarm = {0};

    if (!alarm_open(&alarm, &registers)) {
        CHECK(t, false, "the machine's goldfish RTC was not found or not mapped");
        return;
    }
    for (unsigned round = 0; round < 3; round++) {
        OWN(irq_line) line = {0};

        alarm.heard = 0;
        alarm_ring(&alarm);
        clock_sleep(2 * MS);
        CHECK(t, alarm.heard == 0, "round %u: heard while detached", round);
        if (!irq_attach(&line, alarm.source, alarm_heard, &alarm)) {
            CHECK(t, false, "round %u: source %u is taken", round, alarm.source);
            break;
        }
        CHECK(t, wait_heard(&alarm, 1) == 1, "round %u: heard %u times", round, alarm.heard);
        irq_detach(&line);
    }
    mapping_drop(&registers);
}

/** @return whether @p source could be attached; it is not any more. */
static bool can_attach(uint32_t source)
{
    OWN(irq_line) line = {0};

    if (!irq_attach(&line, source, alarm_heard, NULL))
        return false;
    irq_detach(&line);
    return true;
}

TEST(device, irq_refuses_bad_and_taken_sources)
{
    dt_node node;
    uint32_t console;

    CHECK(t, !can_attach(0), "source 0 is none");
    CHECK(t, !can_attach(UINT32_MAX), "source 2^32 - 1 is none");
    CHECK(t, irq_count(UINT32_MAX) == 0, "it has a count");
    if (dt_find_compatible("ns16550a", NULL, &node) && dt_u32(node, "interrupts", 0, &console))
        CHECK(t, !can_attach(console), "the console's source %u is taken", console);
}
