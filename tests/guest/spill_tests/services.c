/* INV-SPILL-1: every service that hands out handles, to a thousand clients: all such handles of abi/. The
 * exceptions are lists through what is the clients' own (`threaded` below says why), the lines of irq.h,
 * and the queue of swap.h: docs/opaque-exportation.md. */
#include "clients.h"
#include "console.h"
#include "irq.h"
#include "nucleus/format.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"
#include "text.h"

#define FAR_NS (3600ul * 1000 * MS)
#define IRQ_SOURCES_MOST 1024u

/* Unchecked, each open and close: the handle stays in the client between them. */
static UNCHECKED bool open_mapping(struct client *client)
{
    return mapping_map(&client->handle.mapping, PAGE_BYTES, MAP_WRITE);
}

static UNCHECKED bool open_lazy(struct client *client)
{
    return mapping_map(&client->handle.mapping, 3 * PAGE_BYTES, MAP_LAZY);
}

static UNCHECKED bool open_share(struct client *client)
{
    return mapping_share(&client->handle.mapping, client->all->shared, MAP_READ);
}

static UNCHECKED void close_mapping(struct client *client)
{
    mapping_drop(&client->handle.mapping);
}

static int child_main(void *argument)
{
    const struct client *parent = argument;

    role_assert_may_park();
    while (__atomic_load_n(&parent->wanted, __ATOMIC_ACQUIRE) == OPENED)
        task_park();
    return 0;
}

static UNCHECKED bool open_child(struct client *client)
{
    return task_spawn(&client->handle.child, "child", child_main, client);
}

static UNCHECKED void close_child(struct client *client)
{
    task_unpark(client->handle.child.task);
    (void)task_join(&client->handle.child, NULL);
}

static UNCHECKED bool open_wait(struct client *client)
{
    wait_begin(&client->handle.wait);
    return wait_enter(&client->handle.wait, &client->all->queue) == OK;
}

static UNCHECKED bool open_read(struct client *client)
{
    char typed;
    size_t got;

    wait_begin(&client->handle.wait);
    return console_read_step(&client->handle.wait, &typed, 1, &got) == AGAIN;
}

static UNCHECKED void close_wait(struct client *client)
{
    wait_end(&client->handle.wait);
}

static UNCHECKED bool open_clock(struct client *client)
{
    clock_begin(&client->handle.clock, clock_now_ns() + FAR_NS);
    return clock_step(&client->handle.clock) == AGAIN;
}

static UNCHECKED void close_clock(struct client *client)
{
    clock_end(&client->handle.clock);
}

/* A channel, in which a receive waits. */
static UNCHECKED bool open_channel(struct client *client)
{
    if (!chan_make(&client->handle.channel.sender, &client->handle.channel.receiver, 8, 4))
        return false;
    chan_begin(&client->handle.channel.op);
    return chan_receive_step(&client->handle.channel.op, &client->handle.channel.receiver,
                             &client->handle.channel.message, 8) == AGAIN;
}

static UNCHECKED void close_channel(struct client *client)
{
    chan_end(&client->handle.channel.op);
    chan_sender_drop(&client->handle.channel.sender);
    chan_receiver_drop(&client->handle.channel.receiver);
}

static bool open_nothing(struct client *client)
{
    (void)client;
    return true;
}

static void close_nothing(struct client *client)
{
    (void)client;
}

static UNCHECKED bool open_frames(struct client *client)
{
    return frames_alloc(&client->handle.frames, 0, FRAME_OTHER);
}

static UNCHECKED void close_frames(struct client *client)
{
    frames_drop(&client->handle.frames);
}

static bool open_kind(struct client *client)
{
    char name[KIND_NAME_ROOM];
    const struct kind_type type = {.name = name, .object_bytes = 32, .alignment = 8};
    enum status status;

    format(name, sizeof name, "of client %u", client->number);
    status = kind_create(&client->handle.kind, &type);
    return status == OK;
}

static void close_kind(struct client *client)
{
    (void)kind_destroy(client->handle.kind);
}

#define MAPPED_FRAMES (1u << FRAME_MAPPED | 1u << FRAME_PAGE_TABLE)

static const struct service of_mapping = {.cell = "vm",
                                          .bodies = {{"mapping", "vm"}},
                                          .frame_uses = MAPPED_FRAMES,
                                          .open = open_mapping,
                                          .close = close_mapping};
static const struct service of_lazy = {.cell = "vm",
                                       .bodies = {{"mapping", "vm"}},
                                       .frame_uses = 1u << FRAME_PAGE_TABLE,
                                       .open = open_lazy,
                                       .close = close_mapping};
static const struct service of_share = {.cell = "vm",
                                        .bodies = {{"mapping", "vm"}},
                                        .frame_uses = 1u << FRAME_PAGE_TABLE,
                                        .open = open_share,
                                        .close = close_mapping};
static const struct service of_child = {.cell = "task",
                                        .bodies = {{"task", "task"}, {"mapping", "vm"}},
                                        .frame_uses = MAPPED_FRAMES,
                                        .open = open_child,
                                        .close = close_child};
static const struct service of_wait = {.cell = "task", .open = open_wait, .close = close_wait};
static const struct service of_read = {
    .cell = "uart",
    .open = open_read,
    .close = close_wait,
    .threaded = "wait queues: lists through wait_op, of which the state has the ends"};
static const struct service of_clock = {.cell = "clock",
                                        .open = open_clock,
                                        .close = close_clock,
                                        .threaded =
                                            "timers: a list through clock_op for each hart"};
static const struct service of_frames = {
    .cell = "nucleus", .frame_uses = 1u << FRAME_OTHER, .open = open_frames, .close = close_frames};
static const struct service of_kind = {
    .cell = "nucleus", .bodies = {{"kind", "nucleus"}}, .open = open_kind, .close = close_kind};

/* With its clients in @p clients. */
static void judge(struct test_run *t, struct clients *clients, const struct service *service)
    REQUIRES(may_park);
static void judge(struct test_run *t, struct clients *clients, const struct service *service)
{
    struct verdict verdict;

    service_judge(clients, service, &verdict);
    CHECK(t, verdict.findings == 0, "%u findings: %s", verdict.findings, verdict.text);
}

/* With clients of its own. */
static void judge_services(struct test_run *t, const struct service *const *services)
    REQUIRES(may_park);
static void judge_services(struct test_run *t, const struct service *const *services)
{
    struct clients *clients = clients_start();

    if (!CHECK(t, clients, "no memory for %u clients", CLIENTS))
        return;
    for (; *services; services++)
        judge(t, clients, *services);
    clients_end(clients);
}
#define SERVICES(...) ((const struct service *const[]){__VA_ARGS__, NULL})

/* Mappings of devices have the same bodies. */
TEST(spill, vm_keeps_nothing_of_mappings)
{
    judge_services(t, SERVICES(&of_mapping, &of_lazy));
}

/* The frames' count of users is made at the first share, before. */
/* Unchecked: the clients are closed before the mapping goes. */
static UNCHECKED void clients_lend(struct clients *clients, const mapping *shared)
{
    clients->shared = shared;
}

TEST(spill, vm_keeps_nothing_of_shared_mappings)
{
    struct clients *clients = clients_start();
    OWN(mapping) shared = {0};
    OWN(mapping) second = {0};

    if (!CHECK(t, clients, "no memory for %u clients", CLIENTS))
        return;
    if (!mapping_map(&shared, PAGE_BYTES, MAP_WRITE)) {
        CHECK(t, false, "no mapping");
        clients_end(clients);
        return;
    }
    if (!mapping_share(&second, &shared, MAP_READ)) {
        CHECK(t, false, "no second mapping");
    } else {
        clients_lend(clients, &shared);
        judge(t, clients, &of_share);
        mapping_drop(&second);
    }
    mapping_drop(&shared);
    clients_end(clients);
}

TEST(spill, task_keeps_nothing_of_tasks_to_join)
{
    judge_services(t, SERVICES(&of_child));
}

TEST(spill, task_keeps_nothing_of_waiting)
{
    judge_services(t, SERVICES(&of_wait));
}

TEST(spill, uart_keeps_nothing_of_readers)
{
    judge_services(t, SERVICES(&of_read));
}

TEST(spill, clock_keeps_nothing_of_timers)
{
    judge_services(t, SERVICES(&of_clock));
}

TEST(spill, nucleus_keeps_nothing_of_frames_and_kinds)
{
    judge_services(t, SERVICES(&of_frames, &of_kind));
}

static bool find_provider(const char *interface, struct cell_info *cell)
{
    for (unsigned i = 0; cell_get(i, cell); i++)
        if (strcmp(cell->provides, interface) == 0)
            return true;
    return false;
}

TEST(spill, scheduler_keeps_nothing_of_ready_tasks)
{
    struct service of_ready = {.busy = true,
                               .open = open_nothing,
                               .close = close_nothing,
                               .threaded =
                                   "run queues: lists through the heads of tasks, task->run_link"};
    struct cell_info cell;

    if (!CHECK(t, find_provider("sched", &cell), "no cell provides sched"))
        return;
    of_ready.cell = cell.name;
    judge_services(t, SERVICES(&of_ready));
}

TEST(spill, channel_keeps_nothing_of_channels_and_waiting)
{
    struct service of_channel = {.open = open_channel, .close = close_channel};
    struct cell_info cell;

    if (!CHECK(t, find_provider("channel", &cell), "no cell provides channel"))
        return;
    of_channel.cell = cell.name;
    of_channel.bodies[0].kind = "channel";
    of_channel.bodies[1].kind = "channel ring"; /* of chan_async */
    of_channel.bodies[0].owner = of_channel.bodies[1].owner = cell.name;
    judge_services(t, SERVICES(&of_channel));
}

static void never(void *unused)
{
    (void)unused;
}

/* Attaches to every source that is free. @return how many. Unchecked: they stay in @p lines. */
static UNCHECKED unsigned attach_all(irq_line *lines, unsigned most)
{
    unsigned count = 0;

    for (uint32_t source = 1; source < IRQ_SOURCES_MOST && count < most; source++)
        count += irq_attach(&lines[count], source, never, NULL);
    return count;
}

static UNCHECKED void detach_all(irq_line *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        irq_detach(&lines[i]);
}

struct HOLDS lines {
    irq_line of[IRQ_SOURCES_MOST / 8]; /* detach_all() gives them up */
};

/* There are fewer sources than clients: a line is a device's, and has its place, of the machine's making. */
TEST(spill, plic_keeps_nothing_of_lines)
{
    static const struct service of_line = {.cell = "plic"};
    struct verdict verdict = {0};
    struct lines lines = {0};
    unsigned count, again;

    if (!CHECK(t, charges_begin(&of_line), "the state of plic has no room"))
        return;
    count = attach_all(lines.of, IRQ_SOURCES_MOST / 8);
    charges_with(&of_line, count, &verdict);
    detach_all(lines.of, count);
    charges_end(&of_line, &verdict);
    CHECK(t, count > 8, "only %u sources are free", count);
    CHECK(t, verdict.findings == 0, "%s", verdict.text);
    again = attach_all(lines.of, IRQ_SOURCES_MOST / 8);
    detach_all(lines.of, again);
    CHECK(t, again == count, "%u sources are free, before %u", again, count);
}

/* The twin: what it keeps must be found. */
static UNCHECKED bool open_entry(struct client *client)
{
    return ledger_open(&client->handle.entry, client->all->habit);
}

static UNCHECKED void close_entry(struct client *client)
{
    ledger_close(&client->handle.entry);
}

static const struct service of_entry = {.cell = "ledger",
                                        .bodies = {{"ledger entry", "ledger"}},
                                        .open = open_entry,
                                        .close = close_entry};

/* By habit: a part of what must be found; "" stands for nothing. */
static const char *const expected[LEDGER_HABITS] = {
    [LEDGER_CLEAN] = "",
    [LEDGER_STATE] = "1000 clients: 1000 more words of the state of ledger lead somewhere",
    [LEDGER_NUMBERS] = "words of the state of ledger changed",
    [LEDGER_TABLE] = "kind ledger table of ledger grew by 1 objects",
    [LEDGER_RECORDS] = "kind ledger record of ledger grew by 1000 objects",
    [LEDGER_FRAMES] = "1000 clients: 1000 more frames are other",
    [LEDGER_LONGER] = "the first 500 handles:",
    [LEDGER_FULL] = "client number 1001 got no handle",
    [LEDGER_FORGETFUL] =
        "after the drops 1001 objects of kind ledger entry of ledger live, before 0",
};

TEST(spill, cell_that_keeps_a_table_of_its_clients_is_found_out)
{
    struct clients *clients = clients_start();

    if (!CHECK(t, clients, "no memory for %u clients", CLIENTS))
        return;
    for (enum ledger_habit habit = LEDGER_CLEAN; habit < LEDGER_HABITS; habit++) {
        struct verdict verdict;

        clients->habit = habit;
        service_judge(clients, &of_entry, &verdict);
        ledger_clean();
        CHECK(t, (verdict.findings > 0) == (*expected[habit] != '\0'), "habit %u: %u findings: %s",
              habit, verdict.findings, verdict.text);
        CHECK(t, strstr(verdict.text, expected[habit]), "habit %u: no \"%s\" in: %s", habit,
              expected[habit], verdict.text);
    }
    clients_end(clients);
}
