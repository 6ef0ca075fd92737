/* Devices and queues, with the control queues of a virtio console (virtio 1.2, section 5.3.6.2) as what answers. */
#include "virtio.h"
#include "clock.h"
#include "console.h"
#include "inspect.h"
#include "nucleus/frame.h"
#include "nucleus/string.h"
#include "test.h"

#define MULTIPORT (1ul << 1)
#define CONTROL_IN 2u
#define CONTROL_OUT 3u
#define LIMIT_NS 5000000000ul
#define ROOM_BYTES 64u

/** Messages of the console's control queues. */
struct message {
    uint32_t port;
    uint16_t event;
    uint16_t value;
};
#define DEVICE_READY 0u
#define PORT_ADD 1u

static bool open_console(virtio_device *device, enum status *status) TRY_MAKES(*device);
static bool open_console(virtio_device *device, enum status *status)
{
    return virtio_open(device, VIRTIO_ID_CONSOLE, 0, MULTIPORT, status);
}

/** Opens the device and closes it. @return what the open said. */
static enum status try_device(uint32_t id, unsigned nth)
{
    OWN(virtio_device) device = {0};
    enum status status;

    if (virtio_open(&device, id, nth, MULTIPORT, &status))
        virtio_close(&device);
    return status;
}

/** Whether the machine has the device. If not, that is said, and each test that asks is one that there is none. */
static bool has_device(struct test_run *t) REQUIRES(may_park);
static bool has_device(struct test_run *t)
{
    enum status status = try_device(VIRTIO_ID_CONSOLE, 0);

    if (status != ERR_NOT_FOUND)
        return CHECK(t, status == OK, "the console device: %s", status_name(status));
    print("# without a device: not found\n");
    return false;
}

static uint64_t frames_used(void)
{
    struct frame_stats stats;

    frame_stats(&stats);
    return stats.used[FRAME_OTHER];
}

TEST(virtio, device_is_found_by_id_and_had_by_one)
{
    OWN(virtio_device) device = {0};
    enum status status;

    if (!has_device(t))
        return;
    CHECK(t, try_device(0, 0) == ERR_NOT_FOUND, "an empty slot was opened");
    CHECK(t, try_device(VIRTIO_ID_CONSOLE, 1) == ERR_NOT_FOUND, "there is a second one");
    if (!open_console(&device, &status)) {
        CHECK(t, false, "%s", status_name(status));
        return;
    }
    CHECK(t, virtio_features(&device) == (MULTIPORT | 1ul << 32), "features 0x%lx",
          virtio_features(&device));
    CHECK(t, try_device(VIRTIO_ID_CONSOLE, 0) == ERR_BUSY, "it was opened twice");
    virtio_close(&device);
    CHECK(t, try_device(VIRTIO_ID_CONSOLE, 0) == OK, "it cannot be opened again");
}

TEST(virtio, what_is_not_wanted_is_not_agreed_on)
{
    OWN(virtio_device) device = {0};
    enum status status;

    if (!has_device(t))
        return;
    if (!virtio_open(&device, VIRTIO_ID_CONSOLE, 0, 0, &status)) {
        CHECK(t, false, "%s", status_name(status));
        return;
    }
    CHECK(t, virtio_features(&device) == 1ul << 32, "features 0x%lx", virtio_features(&device));
    virtio_close(&device);
}

TEST(virtio, configuration_is_read_within_its_bounds)
{
    static const struct {
        uint32_t offset;
        unsigned width;
    } wrong[] = {
        {4, 3}, {4, 0}, {5, 4}, {1, 2}, {4096 - 256, 1}, {4096 - 256 - 4, 8}, {UINT32_MAX - 3, 4}};
    OWN(virtio_device) device = {0};
    enum status status;
    uint64_t ports = 0, byte = 0;

    if (!has_device(t))
        return;
    if (!open_console(&device, &status)) {
        CHECK(t, false, "%s", status_name(status));
        return;
    }
    status = virtio_config(&device, 4, 4, &ports);
    CHECK(t, status == OK && ports > 0 && ports < 1024, "%s, %lu ports", status_name(status),
          ports);
    status = virtio_config(&device, 4, 1, &byte);
    CHECK(t, status == OK && byte == (ports & 255), "%s, byte %lu", status_name(status), byte);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(t, virtio_config(&device, wrong[i].offset, wrong[i].width, &ports) == ERR_INVALID,
              "%u", i);
    virtio_close(&device);
}

/** Makes a queue and drops it, which resets the device. @return what the making said. */
static enum status try_queue(const virtio_device *device, unsigned index, unsigned *size)
    BORROWS(*device);
static enum status try_queue(const virtio_device *device, unsigned index, unsigned *size)
{
    OWN(virtio_queue) queue = {0};
    enum status status;

    if (!virtio_queue_make(&queue, device, index, &status))
        return status;
    *size = virtio_queue_size(&queue);
    virtio_queue_drop(&queue);
    return OK;
}

TEST(virtio, queue_is_made_once)
{
    OWN(virtio_device) device = {0};
    OWN(virtio_queue) queue = {0};
    enum status status;
    unsigned size = 0;

    if (!has_device(t))
        return;
    if (!open_console(&device, &status)) {
        CHECK(t, false, "%s", status_name(status));
        return;
    }
    CHECK(t, try_queue(&device, 1000, &size) == ERR_NOT_FOUND, "queue 1000");
    if (!virtio_queue_make(&queue, &device, 0, &status)) {
        CHECK(t, false, "%s", status_name(status));
        virtio_close(&device);
        return;
    }
    size = virtio_queue_size(&queue);
    CHECK(t, size > 0 && (size & (size - 1)) == 0, "size %u", size);
    CHECK(t, try_queue(&device, 0, &size) == ERR_EXISTS, "it was made twice");
    virtio_close(&device);
    virtio_queue_drop(&queue);
}

/** Waits until a chain comes out of @p queue. */
static enum status take(virtio_queue *queue, const virtio_device *device, uint64_t *token,
                        uint32_t *bytes) BORROWS_MUT(*queue) BORROWS(*device) REQUIRES(may_park);
static enum status take(virtio_queue *queue, const virtio_device *device, uint64_t *token,
                        uint32_t *bytes)
{
    OWN(wait_op) op = {0};
    OWN(clock_op) limit = {0};
    enum status status = OK;

    wait_begin(&op);
    clock_begin(&limit, clock_now_ns() + LIMIT_NS);
    while (status == OK) {
        status = virtio_enter(&op, device);
        if (status == OK)
            status = virtio_take(queue, token, bytes);
        if (status != AGAIN)
            break;
        task_park();
        status = clock_step(&limit) == AGAIN ? OK : ERR_TIMEOUT;
    }
    clock_end(&limit);
    wait_end(&op);
    return status;
}

/** Tells the device that its driver is ready, and hears of a port. @p page is lent to it. */
static enum status converse(virtio_queue *in, virtio_queue *out, const virtio_device *device,
                            char *page, struct message *answer) BORROWS_MUT(*in) BORROWS_MUT(*out)
    BORROWS(*device) REQUIRES(may_park);
static enum status converse(virtio_queue *in, virtio_queue *out, const virtio_device *device,
                            char *page, struct message *answer)
{
    struct message ready = {.event = DEVICE_READY, .value = 1};
    /* In two parts each, so that chains are followed. */
    struct virtio_part room[] = {{pointer_to_physical(page), 4, true},
                                 {pointer_to_physical(page + 4), ROOM_BYTES - 4, true}};
    struct virtio_part text[] = {
        {pointer_to_physical(page + ROOM_BYTES), 4, false},
        {pointer_to_physical(page + ROOM_BYTES + 4), sizeof ready - 4, false}};
    uint64_t token = 0;
    uint32_t bytes = 0;
    enum status status;

    memcpy(page + ROOM_BYTES, &ready, sizeof ready);
    status = virtio_put(in, room, 2, 41);
    if (status == OK)
        status = virtio_put(out, text, 2, 42);
    virtio_notify(in);
    virtio_notify(out);
    if (status == OK)
        status = take(out, device, &token, &bytes);
    if (status == OK && (token != 42 || bytes != 0))
        return ERR_FORMAT;
    if (status == OK)
        status = take(in, device, &token, &bytes);
    if (status == OK && (token != 41 || bytes < sizeof *answer))
        return ERR_FORMAT;
    memcpy(answer, page, sizeof *answer);
    return status;
}

/** Makes the two control queues, and calls @p work. */
static enum status with_queues(struct test_run *t,
                               void (*work)(struct test_run *t, virtio_queue *in, virtio_queue *out,
                                            virtio_device *device, char *page)) REQUIRES(may_park);
/* Unchecked: @p work may have dropped any of the handles, and gets them through a pointer. */
static enum status with_queues(struct test_run *t,
                               void (*work)(struct test_run *t, virtio_queue *in, virtio_queue *out,
                                            virtio_device *device, char *page)) UNCHECKED
{
    OWN(frames) memory = {0}; /* before the device, which it is lent to */
    OWN(virtio_device) device = {0};
    OWN(virtio_queue) in = {0};
    OWN(virtio_queue) out = {0};
    enum status status = ERR_NOMEM;

    if (!frames_alloc(&memory, 0, FRAME_OTHER) || !open_console(&device, &status) ||
        !virtio_queue_make(&in, &device, CONTROL_IN, &status) ||
        !virtio_queue_make(&out, &device, CONTROL_OUT, &status))
        return status;
    status = virtio_begin(&device);
    if (status == OK)
        work(t, &in, &out, &device, memory.base);
    return status;
}

/* What works below are given is with_queues()'s. Unchecked, all: they drop one or the other in any order. */
static void work_converse(struct test_run *t, virtio_queue *in, virtio_queue *out,
                          virtio_device *device, char *page) UNCHECKED
{
    struct message answer = {.event = 99};
    enum status status = converse(in, out, device, page, &answer);

    CHECK(t, status == OK, "%s", status_name(status));
    CHECK(t, answer.event == PORT_ADD && answer.port == 1, "event %u, port %u", answer.event,
          answer.port);
}

TEST(virtio, chains_go_to_the_device_and_come_back)
{
    uint64_t before = frames_used();

    if (!has_device(t))
        return;
    for (unsigned round = 0; round < 50; round++) {
        enum status status = with_queues(t, work_converse);

        if (!CHECK(t, status == OK, "round %u: %s", round, status_name(status)))
            return;
    }
    CHECK(t, frames_used() == before, "%lu frames were used, then %lu", before, frames_used());
}

static void work_overfill(struct test_run *t, virtio_queue *in, virtio_queue *out,
                          virtio_device *device, char *page) UNCHECKED
{
    struct virtio_part part = {pointer_to_physical(page), ROOM_BYTES, true};
    struct virtio_part empty = {pointer_to_physical(page), 0, true};
    unsigned count = 0;

    (void)out;
    (void)device;
    CHECK(t, virtio_put(in, &part, 0, 0) == ERR_INVALID, "a chain of nothing");
    CHECK(t, virtio_put(in, &empty, 1, 0) == ERR_INVALID, "an empty part");
    while (count < 1000 && virtio_put(in, &part, 1, count) == OK)
        count++;
    CHECK(t, count == virtio_queue_size(in), "%u chains of %u", count, virtio_queue_size(in));
    CHECK(t, virtio_put(in, &part, 1, 0) == AGAIN, "there was room for more");
}

TEST(virtio, full_queue_takes_no_more)
{
    if (has_device(t))
        CHECK(t, with_queues(t, work_overfill) == OK, "no queues");
}

/** Whether @p queue is dead, and takes nothing. */
static bool is_cancelled(virtio_queue *queue, char *page) UNCHECKED
{
    struct virtio_part part = {pointer_to_physical(page), ROOM_BYTES, true};
    uint64_t token;
    uint32_t bytes;

    return virtio_put(queue, &part, 1, 0) == ERR_CANCELLED &&
           virtio_take(queue, &token, &bytes) == ERR_CANCELLED;
}

/* The room that was lent must stay as it is, though the device has something to write. */
static void work_drop_queue(struct test_run *t, virtio_queue *in, virtio_queue *out,
                            virtio_device *device, char *page) UNCHECKED
{
    struct virtio_part part = {pointer_to_physical(page), ROOM_BYTES, true};

    (void)device;
    memset(page, 0x77, ROOM_BYTES);
    CHECK(t, virtio_put(in, &part, 1, 1) == OK, "no room");
    virtio_notify(in);
    virtio_queue_drop(out);
    CHECK(t, is_cancelled(in, page), "the other queue lives");
    virtio_notify(in);
    virtio_queue_drop(in);
    for (unsigned i = 0; i < ROOM_BYTES; i++)
        CHECK(t, page[i] == 0x77, "byte %u was written", i);
}

/* Who has the device next is not disturbed by what is left of the one before. */
static void work_close_device(struct test_run *t, virtio_queue *in, virtio_queue *out,
                              virtio_device *device, char *page) UNCHECKED
{
    struct virtio_part part = {pointer_to_physical(page), ROOM_BYTES, true};
    OWN(virtio_queue) next = {0};
    enum status status;

    virtio_close(device);
    CHECK(t, is_cancelled(in, page) && is_cancelled(out, page), "a queue outlived its device");
    if (!CHECK(t,
               open_console(device, &status) &&
                   virtio_queue_make(&next, device, CONTROL_IN, &status),
               "%s", status_name(status)))
        return;
    virtio_queue_drop(in);
    CHECK(t, virtio_put(&next, &part, 1, 1) == OK, "its queue is dead");
    CHECK(t, is_cancelled(out, page), "the old queue lives again");
    virtio_queue_drop(&next);
}

/* Refused, somebody else leaves no trace. */
static void work_refuse(struct test_run *t, virtio_queue *in, virtio_queue *out,
                        virtio_device *device, char *page) UNCHECKED
{
    CHECK(t, try_device(VIRTIO_ID_CONSOLE, 0) == ERR_BUSY, "it was opened twice");
    work_converse(t, in, out, device, page);
}

TEST(virtio, refusal_does_not_disturb_the_owner)
{
    if (has_device(t))
        CHECK(t, with_queues(t, work_refuse) == OK, "no queues");
}

TEST(virtio, any_drop_takes_all_memory_from_the_device)
{
    uint64_t before = frames_used();

    if (!has_device(t))
        return;
    CHECK(t, with_queues(t, work_drop_queue) == OK, "no queues");
    CHECK(t, with_queues(t, work_close_device) == OK, "no queues");
    CHECK(t, frames_used() == before, "%lu frames were used, then %lu", before, frames_used());
}

/* A chain of two parts where there is no memory: QEMU gives up, and asks for a reset (2.1.2). */
static void work_bad_address(struct test_run *t, virtio_queue *in, virtio_queue *out,
                             virtio_device *device, char *page) UNCHECKED
{
    struct virtio_part nowhere[] = {{{0x40000000}, 8, false}, {{0x40001000}, 8, false}};
    uint64_t token;
    uint32_t bytes;
    enum status status;

    (void)in;
    (void)page;
    CHECK(t, virtio_put(out, nowhere, 2, 0) == OK, "no room");
    virtio_notify(out);
    status = take(out, device, &token, &bytes);
    CHECK(t, status == ERR_IO, "%s", status_name(status));
}

TEST(virtio, device_that_gives_up_is_an_error_until_it_is_opened_anew)
{
    if (!has_device(t))
        return;
    CHECK(t, with_queues(t, work_bad_address) == OK, "no queues");
    CHECK(t, with_queues(t, work_converse) == OK, "no queues");
}

CELL(.name = "virtio_tests", .version = "1.0", .summary = "Tests of virtio devices and queues");
