/* Ports, as their users see them, with a port called "test" (--port test=FILE). What goes through it is judged on the
 * host: tests/shell/test_serial.py. */
#include "serial.h"
#include "clock.h"
#include "console.h"
#include "irq.h"
#include "test.h"

#define PORT "test"
#define SETTLE_NS 20000000ul
#define SOURCES 1024u /* of a PLIC, at most */

/** Opens a port and closes it. @return what the open said. */
static enum status try_port(const char *name) REQUIRES(may_park);
static enum status try_port(const char *name)
{
    OWN(serial_port) port = {0};
    enum status status;

    if (serial_open(&port, name, &status))
        serial_close(&port);
    return status;
}

/** Whether the machine has the device. If not, that is said, and each test that asks is one that it is refused. */
static bool has_device(struct test_run *t) REQUIRES(may_park);
static bool has_device(struct test_run *t)
{
    enum status status = try_port(PORT);

    if (status != ERR_UNSUPPORTED)
        return CHECK(t, status == OK, "port " PORT ": %s", status_name(status));
    print("# without a device: refused\n");
    return false;
}

TEST(serial, ports_are_found_by_their_names)
{
    static const char *const wrong[] = {"", "tes", "test2",
                                        "test test test test test test test test test"};

    if (!has_device(t))
        return;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        enum status status = try_port(wrong[i]);

        CHECK(t, status == ERR_NOT_FOUND, "\"%s\": %s", wrong[i], status_name(status));
    }
}

TEST(serial, port_is_had_by_one_at_a_time)
{
    OWN(serial_port) port = {0};
    enum status status;

    if (!has_device(t))
        return;
    for (unsigned round = 0; round < 3; round++) {
        if (!serial_open(&port, PORT, &status)) {
            CHECK(t, false, "round %u: %s", round, status_name(status));
            return;
        }
        status = try_port(PORT);
        CHECK(t, status == ERR_BUSY, "it was opened twice: %s", status_name(status));
        serial_close(&port);
    }
}

TEST(serial, more_is_written_than_there_are_buffers)
{
    OWN(serial_port) port = {0};
    static const char line[] = "0123456789abcdef";
    enum status status;

    if (!has_device(t))
        return;
    if (!serial_open(&port, PORT, &status)) {
        CHECK(t, false, "%s", status_name(status));
        return;
    }
    for (unsigned i = 0; i < 8192 && status == OK; i++)
        status = serial_write(&port, line, sizeof line - 1);
    CHECK(t, status == OK, "write: %s", status_name(status));
    status = serial_flush(&port);
    CHECK(t, status == OK, "flush: %s", status_name(status));
    serial_close(&port);
}

static int open_and_fault(void *unused)
{
    OWN(serial_port) port = {0};
    enum status status;

    (void)unused;
    role_assert_may_park();
    if (!serial_open(&port, PORT, &status))
        return 1;
    status = serial_write(&port, (const void *)8, 100); /* no such memory */
    serial_close(&port);
    return (int)status;
}

TEST(serial, fault_of_the_owner_gives_the_port_back)
{
    OWN(task_handle) task = {0};
    enum status status;
    int result = 0;

    if (!has_device(t))
        return;
    if (!task_spawn(&task, "owner", open_and_fault, NULL)) {
        CHECK(t, false, "no memory");
        return;
    }
    status = task_join(&task, &result);
    CHECK(t, status == ERR_FAULT, "it ended with %s, %d", status_name(status), result);
    status = try_port(PORT);
    CHECK(t, status == OK, "then: %s", status_name(status));
}

static int read_for_ever(void *argument)
{
    OWN(serial_port) port = {0};
    uint32_t *opened = argument;
    enum status status;
    char byte;
    size_t got;

    role_assert_may_park();
    if (!serial_open(&port, PORT, &status))
        return 1;
    __atomic_store_n(opened, 1, __ATOMIC_RELEASE);
    status = serial_read(&port, &byte, 1, &got);
    serial_close(&port);
    return (int)status;
}

/** Interrupts of all devices since boot. */
static uint64_t interrupts(void)
{
    uint64_t sum = 0;

    for (uint32_t source = 1; source < SOURCES; source++)
        sum += irq_count(source);
    return sum;
}

/* Nobody writes to the port of this test, so the reader sleeps in serial_read(). */
TEST(serial, killed_reader_slept_and_gives_the_port_back)
{
    OWN(task_handle) task = {0};
    uint32_t opened = 0;
    uint64_t before;
    enum status status;
    int result = 0;

    if (!has_device(t))
        return;
    if (!task_spawn(&task, "reader", read_for_ever, &opened)) {
        CHECK(t, false, "no memory");
        return;
    }
    while (!__atomic_load_n(&opened, __ATOMIC_ACQUIRE))
        task_yield();
    clock_sleep(SETTLE_NS);
    before = interrupts();
    clock_sleep(SETTLE_NS);
    CHECK(t, interrupts() - before < 10, "%lu interrupts while it waited", interrupts() - before);
    CHECK(t, task_kill(task.task->number) == OK, "no such task");
    status = task_join(&task, &result);
    CHECK(t, status == ERR_CANCELLED, "it ended with %s, %d", status_name(status), result);
    status = try_port(PORT);
    CHECK(t, status == OK, "then: %s", status_name(status));
}

CELL(.name = "serial_tests", .version = "1.0",
     .summary = "Tests of named ports, and commands that copy through them");
