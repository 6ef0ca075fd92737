/*
 * The console on a 16550: two rings between tasks and the device, served by its interrupt.
 *
 * Writers put text into the transmit ring; the transmitter's interrupt, which is on while the
 * ring holds something, moves it on, a device FIFO at a time. Texts up to WHOLE_BYTES are taken
 * whole or not at all, so lines of several writers do not mix. A newline becomes CR LF on its way
 * into the ring.
 *
 * console_emergency() takes no lock, because it must print when the holder has faulted; and the
 * device is reached through the direct map, because it must print before vm is there, or about
 * vm.
 */
#include "cell.h"
#include "console.h"
#include "device.h"
#include "devicetree.h"
#include "driver.h"
#include "irq.h"
#include "nucleus/hart.h"
#include "nucleus/log.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "ring.h"

#define TRANSMIT_BYTES 4096u
#define RECEIVE_BYTES 1024u
#define WHOLE_BYTES 512u
#define ALL_WAITERS UINT32_MAX

struct HOLDS uart_state {
    struct device device;
    uint32_t source;
    uint32_t started; /* atomic: interrupts are on */
    irq_line line; /* from start() to stop() */
    struct ring transmit, receive; /* to put, hold the lock */
    struct spinlock lock;
    /* lock guards: */
    struct lines {
        uint32_t enabled; /* what INTERRUPT_ENABLE holds */
        uint64_t dropped; /* received and lost: the ring, or the device, was full */
    } lines;
    struct wait_queue room, data, flushed; /* each has a lock of its own */
    uint8_t transmit_bytes[TRANSMIT_BYTES];
    uint8_t receive_bytes[RECEIVE_BYTES];
};
CELL_STATE(struct uart_state);

DRIVER(ns16550a, "ns16550a");

static inline struct lines *lines_locked(void) REQUIRES(state.lock);
static inline struct lines *lines_locked(void)
{
    return &state.lines;
}

static bool is_started(void)
{
    return __atomic_load_n(&state.started, __ATOMIC_ACQUIRE);
}

/** Gives the device what its FIFO takes; its interrupt is on while more waits. */
static void transmit(void) REQUIRES(state.lock);
static void transmit(void)
{
    uint32_t wanted;
    uint8_t byte;

    if (device_status(&state.device, STATUS_FIFO_EMPTY))
        for (unsigned n = 0; n < UART_FIFO_BYTES && ring_take(&state.transmit, &byte); n++)
            device_write(&state.device, DATA, byte);
    wanted = ENABLE_RECEIVED | (ring_used(&state.transmit) ? ENABLE_TRANSMITTER_EMPTY : 0);
    if (wanted != lines_locked()->enabled) {
        lines_locked()->enabled = wanted;
        device_write(&state.device, INTERRUPT_ENABLE, wanted);
    }
}

/** Takes what the device received, at most one FIFO. @return how many bytes it took. */
static unsigned receive(void) REQUIRES(state.lock);
static unsigned receive(void)
{
    unsigned count = 0;

    for (; count < UART_FIFO_BYTES; count++) {
        uint8_t status = device_read(&state.device, LINE_STATUS);

        if (status & STATUS_OVERRUN)
            lines_locked()->dropped++;
        if (!(status & STATUS_RECEIVED))
            break;
        if (!ring_put(&state.receive, device_read(&state.device, DATA)))
            lines_locked()->dropped++;
    }
    return count;
}

static void uart_interrupt(void *unused)
{
    OWN(spin_guard) guard = {0};
    uint64_t dropped_before, dropped;
    unsigned received;
    uint32_t left;

    (void)unused;
    spin_lock(&guard, &state.lock);
    dropped_before = lines_locked()->dropped;
    received = receive();
    dropped = lines_locked()->dropped;
    transmit();
    left = ring_used(&state.transmit);
    spin_unlock(&guard, &state.lock);
    if (dropped && !dropped_before)
        log_write("uart: nobody reads what is typed; bytes were dropped (said once)");
    if (received)
        (void)wait_wake(&state.data, ALL_WAITERS);
    if (left <= TRANSMIT_BYTES / 2)
        (void)wait_wake(&state.room, ALL_WAITERS);
    if (left == 0)
        (void)wait_wake(&state.flushed, ALL_WAITERS);
}

/** What @p bytes of @p text take in the ring. */
static size_t text_room(const char *text, size_t bytes)
{
    size_t room = bytes;

    for (size_t i = 0; i < bytes; i++)
        room += text[i] == '\n';
    return room;
}

/** Puts as much of @p text as goes into the transmit ring. @return how much that is. */
static size_t text_put(const char *text, size_t bytes) REQUIRES(state.lock);
static size_t text_put(const char *text, size_t bytes)
{
    struct ring *ring = &state.transmit;
    size_t done = 0;

    if (bytes <= WHOLE_BYTES && text_room(text, bytes) >= ring_room(ring))
        return 0;
    while (done < bytes && ring_room(ring) >= 2) {
        if (text[done] == '\n')
            (void)ring_put(ring, '\r');
        (void)ring_put(ring, (uint8_t)text[done++]);
    }
    return done;
}

static size_t text_write(const char *text, size_t bytes)
{
    OWN(spin_guard) guard = {0};
    size_t done;

    spin_lock(&guard, &state.lock);
    done = text_put(text, bytes);
    if (is_started())
        transmit();
    spin_unlock(&guard, &state.lock);
    return done;
}

EXPORT enum status console_write_step(wait_op *op, const char *text, size_t bytes, size_t *done)
{
    enum status status;

    *done += text_write(text + *done, bytes - *done);
    if (*done == bytes)
        return OK;
    status = wait_enter(op, &state.room);
    if (status != OK)
        return status;
    *done += text_write(text + *done, bytes - *done);
    return *done == bytes ? OK : AGAIN;
}

static size_t data_read(char *to, size_t room)
{
    size_t got = 0;
    uint8_t byte;

    while (got < room && ring_take(&state.receive, &byte))
        to[got++] = (char)byte;
    return got;
}

EXPORT enum status console_read_step(wait_op *op, char *to, size_t room, size_t *got)
{
    enum status status;

    *got = data_read(to, room);
    if (*got)
        return OK;
    status = wait_enter(op, &state.data);
    if (status != OK)
        return status;
    *got = data_read(to, room);
    return *got ? OK : AGAIN;
}

/** Sends one byte past the ring. @return false: the device did not take it within a second. */
static bool byte_send(uint8_t byte)
{
    uint64_t start = hart_ticks();

    while (!device_status(&state.device, STATUS_FIFO_EMPTY))
        if (hart_ticks() - start > machine_timebase())
            return false;
    device_write(&state.device, DATA, byte);
    return true;
}

/** Finds the device, unless that was done. Not in init(), which may not call devicetree; but what is
 *  printed between that and start() is to be seen. */
static enum status device_find(void)
{
    dt_node node;
    paddr base;
    uint64_t bytes;

    if (state.device.registers)
        return OK;
    if (!dt_find_compatible("ns16550a", NULL, &node))
        return ERR_NOT_FOUND;
    if (!dt_reg(node, 0, &base, &bytes) || !dt_u32(node, "interrupts", 0, &state.source))
        return ERR_FORMAT;
    if (!dt_u32(node, "reg-shift", 0, &state.device.shift))
        state.device.shift = 0;
    state.device.registers = physical_to_pointer(base);
    return OK;
}

/** Sends what the transmit ring holds now. @return false when the device does not take it. */
static bool ring_send(void)
{
    uint8_t byte;

    if (device_find() != OK)
        return false;
    for (uint32_t left = ring_used(&state.transmit); left > 0; left--)
        if (ring_take(&state.transmit, &byte) && !byte_send(byte))
            return false;
    return true;
}

EXPORT enum status console_flush_step(wait_op *op)
{
    if (!is_started())
        (void)ring_send();
    if (ring_used(&state.transmit)) {
        enum status status = wait_enter(op, &state.flushed);

        if (status != OK || ring_used(&state.transmit))
            return status != OK ? status : AGAIN;
    }
    if (device_status(&state.device, STATUS_ALL_SENT))
        return OK;
    /* Its last FIFO is on its way, and no interrupt tells of its end: ask again. */
    task_unpark(task_current());
    return AGAIN;
}

EXPORT void console_emergency(const char *text, size_t bytes)
{
    if (!ring_send())
        return;
    for (size_t i = 0; i < bytes; i++)
        if ((text[i] == '\n' && !byte_send('\r')) || !byte_send((uint8_t)text[i]))
            return;
}

static enum status uart_init(enum cell_reason reason)
{
    if (reason == REASON_SWAP)
        return OK; /* the state is the predecessor's: rings, waiters, the line */
    state.transmit = (struct ring){.bytes = state.transmit_bytes, .size = TRANSMIT_BYTES};
    state.receive = (struct ring){.bytes = state.receive_bytes, .size = RECEIVE_BYTES};
    /* What wait_queue_init() does; but that is another cell's, and init() calls none. */
    list_init(&state.room.waiters);
    list_init(&state.data.waiters);
    list_init(&state.flushed.waiters);
    return OK;
}

/** Unchecked: moves the line into the state, where uart_stop() finds it. */
static bool line_attach(void) UNCHECKED
{
    return irq_attach(&state.line, state.source, uart_interrupt, NULL);
}

/** Unchecked: the line is in the state. A predecessor's handler may have faulted, which turns it off. */
static enum status line_enable(void) UNCHECKED
{
    enum status status = irq_enable(&state.line);

    if (status != OK)
        log_write("uart: interrupt source %u stays off: %s", state.source, status_name(status));
    return status;
}

/** Unchecked: takes it out again. */
static void line_detach(void) UNCHECKED
{
    irq_line_unwind(&state.line);
}

static enum status uart_start(enum cell_reason reason)
{
    OWN(spin_guard) guard = {0};
    enum status status;

    if (reason == REASON_SWAP)
        return line_enable();
    status = device_find();
    if (status != OK) {
        log_write(status == ERR_NOT_FOUND ? "uart: the device tree has no ns16550a"
                                          : "uart: the device tree's ns16550a lacks reg or interrupts");
        return status;
    }
    if (!line_attach()) {
        log_write("uart: interrupt source %u cannot be had", state.source);
        return ERR_BUSY;
    }
    spin_lock(&guard, &state.lock);
    device_prepare(&state.device);
    __atomic_store_n(&state.started, 1, __ATOMIC_RELEASE);
    transmit();
    spin_unlock(&guard, &state.lock);
    return OK;
}

static enum status uart_stop(enum cell_reason reason)
{
    OWN(spin_guard) guard = {0};

    (void)reason;
    line_detach(); /* first: the handler may be waiting for our lock */
    spin_lock(&guard, &state.lock);
    __atomic_store_n(&state.started, 0, __ATOMIC_RELEASE);
    lines_locked()->enabled = 0;
    device_write(&state.device, INTERRUPT_ENABLE, 0);
    (void)ring_send();
    spin_unlock(&guard, &state.lock);
    return OK;
}

CELL(.name = "uart", .version = "1.0",
     .summary = "The console on a 16550, interrupt driven, with rings of 4 KiB out and 1 KiB in",
     .provides = "console", .init = uart_init, .start = uart_start, .stop = uart_stop);
