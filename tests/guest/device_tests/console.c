/*
 * The console: nothing that is written gets lost or mixed. What arrives is judged from outside: the
 * command `flood` writes numbered lines from several tasks, and flood.sh on the host counts them.
 */
#include "command.h"
#include "console.h"
#include "crew.h"
#include "devicetree.h"
#include "irq.h"
#include "nucleus/hart.h"
#include "nucleus/machine.h"
#include "nucleus/string.h"
#include "test.h"
#include "text.h"

#define WRITERS 4u

struct flood {
    uint64_t lines; /* of each writer */
};

static int flood_write(void *shared, unsigned number)
{
    const struct flood *flood = shared;

    role_assert_may_park();
    for (uint64_t i = 0; i < flood->lines; i++)
        print("flood %u %lu\n", number, i);
    return 0;
}

static int flood(int argc, char **argv)
{
    struct flood flood;

    role_assert_may_park();
    if (argc != 2 || !string_to_u64(argv[1], &flood.lines)) {
        print("usage: flood LINES\n");
        return 2;
    }
    return crew_run(flood_write, &flood, WRITERS) ? 0 : 1;
}

COMMAND(flood, .usage = "flood LINES",
        .help = "writes LINES numbered lines from each of four tasks",
        .run = flood);

/* TAP readers skip lines that begin with #. */
#define COMMENT "# 0123456789012345678901234567890123456789012345678901234567890123456789012345\n"

TEST(device, console_sends_by_interrupts)
{
    static const char text[] = COMMENT COMMENT COMMENT COMMENT COMMENT COMMENT COMMENT COMMENT;
    uint64_t before = 0;
    uint32_t source = 0;
    dt_node node;

    if (!CHECK(t,
               dt_find_compatible("ns16550a", NULL, &node) &&
                   dt_u32(node, "interrupts", 0, &source),
               "the machine's 16550 was not found"))
        return;
    before = irq_count(source);
    console_write(text, sizeof text - 1);
    console_flush();
    CHECK(t, irq_count(source) > before, "no interrupt came for %lu bytes", sizeof text - 1);
}

/* Interrupts are off for the first step: with them the device, being fast, may empty the ring. */
static enum status first_step(wait_op *op, const char *text, size_t bytes, size_t *done)
    BORROWS_MUT(*op);
static enum status first_step(wait_op *op, const char *text, size_t bytes, size_t *done)
{
    OWN(irq_guard) guard = {0};
    enum status status;

    irq_disable(&guard);
    status = console_write_step(op, text, bytes, done);
    irq_restore(&guard);
    return status;
}

TEST(device, console_takes_long_texts_in_parts)
{
    OWN(wait_op) op = {0};
    static const char line[] = COMMENT;
    char text[64 * (sizeof line - 1)]; /* 5 KiB; the ring has 4 */
    size_t done = 0;
    enum status status;

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = line[i % (sizeof line - 1)];
    wait_begin(&op);
    status = first_step(&op, text, sizeof text, &done);
    CHECK(t, status == AGAIN || hart_count() > 1, "%lu bytes went into the ring at once", done);
    while (status == AGAIN) {
        task_park();
        status = console_write_step(&op, text, sizeof text, &done);
    }
    wait_end(&op);
    CHECK(t, done == sizeof text, "%lu of %lu bytes taken", done, sizeof text);
}

CELL(.name = "device_tests", .version = "1.0",
     .summary = "Tests of clock, interrupts and console, and the command flood");
