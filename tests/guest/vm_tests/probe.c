/* Faults on purpose (probe.h). There is no way to bind a task to a hart: so as many tasks as there
 * are harts spin until all have come, and if each then finds itself on a hart of its own, they act;
 * else the round is repeated. Which hart it was in the end is read from the report. */
#include "logs.h"
#include "probe.h"

#include "nucleus/address.h"
#include "nucleus/format.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "text.h"
#include "vm.h"

#define LOG_BYTES 32768u
#define ROUNDS 100u

/* Unchecked, both: clang cannot follow handles in an array. */
bool group_add(struct group *group, const char *name, int (*entry)(void *), void *argument)
    UNCHECKED
{
    char full[TASK_NAME_ROOM];

    format(full, sizeof full, "%s%u", name, group->count);
    if (!task_spawn(&group->tasks[group->count], full, entry, argument))
        return false;
    group->count++;
    return true;
}

void group_join(struct group *group) UNCHECKED
{
    for (unsigned i = 0; i < group->count; i++)
        group->status[i] = task_join(&group->tasks[i], &group->result[i]);
}

void meet(uint32_t *counter, unsigned count)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < count)
        ;
}

void act_store(uint64_t address)
{
    *(volatile uint8_t *)address = 0;
}

void act_load(uint64_t address)
{
    (void)*(volatile uint8_t *)address;
}

void act_call(uint64_t address)
{
    volatile bool returned = false;

    ((void (*)(void))address)();
    returned = true; /* so that the call above is no jump, and we are in the report */
    (void)returned;
}

struct round {
    const struct probe *probe;
    unsigned count;
    uint32_t arrived, placed; /* counters of meet() */
    uint32_t harts;           /* bits of those that tasks found themselves on */
};

static uint32_t all_harts(void)
{
    return (1u << hart_count()) - 1;
}

static int probe_task(void *argument)
{
    struct round *round = argument;

    role_assert_may_park();
    meet(&round->arrived, round->count);
    __atomic_fetch_or(&round->harts, 1u << hart_index(), __ATOMIC_ACQ_REL);
    meet(&round->placed, round->count);
    if (__atomic_load_n(&round->harts, __ATOMIC_ACQUIRE) == all_harts())
        round->probe->act(round->probe->address);
    return 0;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;

    while ((text = strstr(text, part))) {
        text += strlen(part);
        count++;
    }
    return count;
}

/* Whether @p part stands in @p line before the line's end. */
static bool line_has(const char *line, const char *part)
{
    const char *end = strchr(line, '\n'), *found = strstr(line, part);

    return found && (!end || found < end);
}

/* Finds the report of the task named probe@p number. @return its hart, or MAX_HARTS: none or wrong.
 * */
static unsigned report_check(struct test_run *t, const struct probe *probe, const char *log,
                             unsigned number)
{
    char start[32];
    const char *line;

    format(start, sizeof start, " probe%u hart ", number);
    line = strstr(log, start);
    if (!CHECK(t, line, "%s: no report for probe%u", probe->what, number) ||
        !CHECK(t, line_has(line, probe->place), "%s: the report says %.100s, expected %s",
               probe->what, line, probe->place))
        return MAX_HARTS;
    return (unsigned)(line[strlen(start)] - '0');
}

/* Reads the reports of a round. @return whether they came from all harts, as they should. */
static bool reports_check(struct test_run *t, const struct probe *probe, const char *log)
{
    unsigned found = count_of(log, probe->report);
    uint32_t harts = 0;

    CHECK(t, found == hart_count(), "%s: %u of %u reports say: %s", probe->what, found,
          hart_count(), probe->report);
    for (unsigned i = 0; i < hart_count(); i++) {
        unsigned hart = report_check(t, probe, log, i);

        if (hart >= MAX_HARTS)
            return true; /* noted already, no second round will do better */
        harts |= 1u << hart;
    }
    return harts == all_harts();
}

/* @return false: not all harts took part, try again. */
static bool round_run(struct test_run *t, const struct probe *probe, char *log) REQUIRES(may_park);
static bool round_run(struct test_run *t, const struct probe *probe, char *log)
{
    struct round round = {.probe = probe, .count = hart_count()};
    struct group group = {0};
    uint64_t from = log_end();

    for (unsigned i = 0; i < round.count; i++) {
        if (!CHECK(t, group_add(&group, "probe", probe_task, &round), "no memory"))
            round.count = group.count; /* those that wait for it go on */
    }
    group_join(&group);
    if (round.harts != all_harts())
        return false;
    for (unsigned i = 0; i < group.count; i++)
        CHECK(t, group.status[i] == ERR_FAULT, "%s: nothing happened", probe->what);
    log_copy(from, log, LOG_BYTES);
    return reports_check(t, probe, log);
}

void expect_fault(struct test_run *t, const struct probe *probe)
{
    OWN(mapping) log = {0};
    unsigned round = 0;

    if (!mapping_map(&log, LOG_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (round < ROUNDS && !round_run(t, probe, mapping_address(&log)))
        round++;
    CHECK(t, round < ROUNDS, "%s: not all harts took part in %u rounds", probe->what, ROUNDS);
    mapping_drop(&log);
}
