/*
 * Commands that copy through a port, for the tests that judge on the host (tests/shell/test_serial.py). The bytes are
 * those of pattern(), so each side knows what must arrive.
 */
#include "command.h"
#include "console.h"
#include "serial.h"
#include "text.h"

#define CHUNK_BYTES 2500u /* no part of the buffers' size */

/** Byte number @p i of what is sent. */
static uint8_t pattern(uint64_t i)
{
    return (uint8_t)((uint32_t)i * 2654435761u >> 24);
}

/** Opens the port of argv[1]. @return false: it said why not. */
static bool open_port(serial_port *port, const char *name) TRY_MAKES(*port) REQUIRES(may_park);
static bool open_port(serial_port *port, const char *name)
{
    enum status status;

    if (serial_open(port, name, &status))
        return true;
    print("port %s: %s\n", name, status_name(status));
    return false;
}

static bool arguments(int argc, char **argv, uint64_t *bytes) REQUIRES(may_park);
static bool arguments(int argc, char **argv, uint64_t *bytes)
{
    if (argc == 3 && string_to_u64(argv[2], bytes))
        return true;
    print("usage: %s PORT BYTES\n", argv[0]);
    return false;
}

static int port_send(int argc, char **argv)
{
    OWN(serial_port) port = {0};
    uint8_t chunk[CHUNK_BYTES];
    enum status status = OK;
    uint64_t bytes, sent = 0;

    role_assert_may_park();
    if (!arguments(argc, argv, &bytes))
        return 2;
    if (!open_port(&port, argv[1]))
        return 1;
    while (sent < bytes && status == OK) {
        size_t length = bytes - sent < sizeof chunk ? bytes - sent : sizeof chunk;

        for (size_t i = 0; i < length; i++)
            chunk[i] = pattern(sent + i);
        status = serial_write(&port, chunk, length);
        sent += length;
    }
    if (status == OK)
        status = serial_flush(&port);
    serial_close(&port);
    print("port_send: %s\n", status_name(status));
    return status == OK ? 0 : 1;
}

COMMAND(port_send, .usage = "port_send PORT BYTES",
        .help = "sends a known pattern of BYTES bytes through PORT", .run = port_send);

static int port_leave(int argc, char **argv)
{
    OWN(serial_port) port = {0};
    OWN(wait_op) op = {0};
    uint8_t chunk[CHUNK_BYTES];
    uint64_t turns, bytes = 0;
    size_t done = 0;

    role_assert_may_park();
    memset(chunk, 0, sizeof chunk);
    if (!arguments(argc, argv, &turns))
        return 2;
    if (!open_port(&port, argv[1]))
        return 1;
    wait_begin(&op);
    for (; turns > 0 && serial_write_step(&op, &port, chunk, sizeof chunk, &done) == OK;
         turns--, done = 0)
        bytes += sizeof chunk;
    wait_end(&op);
    serial_close(&port);
    print("port_leave: %lu bytes\n", bytes + done);
    return 0;
}

COMMAND(port_leave, .usage = "port_leave PORT TURNS",
        .help = "writes to PORT, TURNS times at most, until it would have to wait",
        .run = port_leave);

/** How many of @p got bytes are as they should be, from number @p first on. */
static size_t count_good(const uint8_t *bytes, size_t got, uint64_t first)
{
    size_t good = 0;

    while (good < got && bytes[good] == pattern(first + good))
        good++;
    return good;
}

static int port_receive(int argc, char **argv)
{
    OWN(serial_port) port = {0};
    uint8_t chunk[CHUNK_BYTES];
    enum status status = OK;
    uint64_t bytes, good = 0;
    size_t got = 0, right = 0;

    role_assert_may_park();
    if (!arguments(argc, argv, &bytes))
        return 2;
    if (!open_port(&port, argv[1]))
        return 1;
    while (good < bytes && status == OK && right == got) {
        size_t room = bytes - good < sizeof chunk ? bytes - good : sizeof chunk;

        status = serial_read(&port, chunk, room, &got);
        if (status == OK) {
            right = count_good(chunk, got, good);
            good += right;
        }
    }
    serial_close(&port);
    print("port_receive: %lu good bytes, %s\n", good, status_name(status));
    return good == bytes ? 0 : 1;
}

COMMAND(port_receive, .usage = "port_receive PORT BYTES",
        .help = "reads BYTES bytes from PORT and compares them with the pattern",
        .run = port_receive);

static int port_echo(int argc, char **argv)
{
    OWN(serial_port) port = {0};
    uint8_t chunk[CHUNK_BYTES];
    enum status status = OK;
    uint64_t bytes, done = 0;
    size_t got = 0;

    role_assert_may_park();
    if (!arguments(argc, argv, &bytes))
        return 2;
    if (!open_port(&port, argv[1]))
        return 1;
    for (; done < bytes && status == OK; done += got) {
        status = serial_read(&port, chunk, sizeof chunk, &got);
        if (status == OK)
            status = serial_write(&port, chunk, got);
    }
    if (status == OK)
        status = serial_flush(&port);
    serial_close(&port);
    print("port_echo: %lu bytes, %s\n", done, status_name(status));
    return status == OK ? 0 : 1;
}

COMMAND(port_echo, .usage = "port_echo PORT BYTES",
        .help = "sends back the next BYTES bytes that come from PORT", .run = port_echo);
