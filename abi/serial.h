/**
 * @file serial.h
 * Interface `serial`: named ports to the host, beside the human's console. Provider: serial (virtio console device
 * with several ports; `./mitos run --port NAME=FILE`).
 *
 * A port is a stream of bytes in each direction. One has it at a time (of several tasks who share it, what each writes in
 * one call may be mixed with the others'). Nothing is ever dropped: who writes waits while
 * the host does not read, or has not connected; what the host writes waits until it is read, also by the next one who opens
 * the port.
 */
#ifndef MITOS_SERIAL_H
#define MITOS_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell.h"
#include "nucleus/task.h"
#include "own.h"
#include "status.h"
#include "task.h"

/** Of a port's name, with its NUL; one that is longer cannot be opened. */
#define SERIAL_NAME_ROOM 32
#define SERIAL_PORTS_MOST 8u

/** An open port. */
typedef struct LINEAR("serial_port") serial_port {
    struct serial_place *place;
} serial_port;

/**
 * Opens the port called @p name.
 * @return whether it is open. If not, @p status says AGAIN (@p op is queued); ERR_NOT_FOUND: there is no such port;
 * ERR_BUSY: somebody has it; ERR_UNSUPPORTED: the machine has no device with ports (the log says what to do);
 * ERR_NOMEM; ERR_IO: the device failed.
 */
bool serial_open_step(wait_op *op, serial_port *port, const char *name, enum status *status)
    BORROWS_MUT(*op) TRY_MAKES(*port);
/** Gives the port back. What was written is still sent, and serial stays loaded until it is; but who is about to end
 *  the machine flushes first. */
void serial_close(serial_port *port) TAKES(*port) OR_NOTHING;
void serial_port_unwind(serial_port *port) UNCHECKED;

/**
 * Takes up to @p length of @p bytes for the host, and says in @p *done how many in all (start with 0).
 * @return OK when all are taken; AGAIN after entering @p op into the queue; ERR_CANCELLED: the port has gone; ERR_IO.
 */
MUST_CHECK enum status serial_write_step(wait_op *op, const serial_port *port, const void *bytes,
                                         size_t length, size_t *done) BORROWS_MUT(*op)
    BORROWS(*port);
/** Takes what the host wrote, at most @p room > 0 bytes; AGAIN (and @p op queued) when nothing is there; the others as
 *  above. */
MUST_CHECK enum status serial_read_step(wait_op *op, const serial_port *port, void *to, size_t room,
                                        size_t *got) BORROWS_MUT(*op) BORROWS(*port);
/** OK when the host has taken all that was written; AGAIN until then; the others as above. */
MUST_CHECK enum status serial_flush_step(wait_op *op, const serial_port *port) BORROWS_MUT(*op)
    BORROWS(*port);

/** The same, and waits until it is known. */
static inline bool serial_open(serial_port *port, const char *name, enum status *status)
    TRY_MAKES(*port) REQUIRES(may_park);
/* Unchecked: clang does not see that it loops until the step makes the handle, or fails. */
static inline UNCHECKED bool serial_open(serial_port *port, const char *name, enum status *status)
{
    OWN(wait_op) op = {0};
    bool open;

    wait_begin(&op);
    for (;;) {
        *status = ERR_QUARANTINED; /* of a stand-in, which says no more than false */
        open = serial_open_step(&op, port, name, status);
        if (*status != AGAIN)
            break;
        task_park();
    }
    wait_end(&op);
    return open;
}

/** @return as serial_write_step(), but for AGAIN. */
MUST_CHECK static inline enum status serial_write(const serial_port *port, const void *bytes,
                                                  size_t length) BORROWS(*port) REQUIRES(may_park);
static inline enum status serial_write(const serial_port *port, const void *bytes, size_t length)
{
    OWN(wait_op) op = {0};
    enum status status;
    size_t done = 0;

    wait_begin(&op);
    while ((status = serial_write_step(&op, port, bytes, length, &done)) == AGAIN)
        task_park();
    wait_end(&op);
    return status;
}

/** Waits until something is there. */
MUST_CHECK static inline enum status serial_read(const serial_port *port, void *to, size_t room,
                                                 size_t *got) BORROWS(*port) REQUIRES(may_park);
static inline enum status serial_read(const serial_port *port, void *to, size_t room, size_t *got)
{
    OWN(wait_op) op = {0};
    enum status status;

    wait_begin(&op);
    while ((status = serial_read_step(&op, port, to, room, got)) == AGAIN)
        task_park();
    wait_end(&op);
    return status;
}

/** Waits until the host has taken all that was written. @return as serial_flush_step(), but for AGAIN. */
MUST_CHECK static inline enum status serial_flush(const serial_port *port) BORROWS(*port)
    REQUIRES(may_park);
static inline enum status serial_flush(const serial_port *port)
{
    OWN(wait_op) op = {0};
    enum status status;

    wait_begin(&op);
    while ((status = serial_flush_step(&op, port)) == AGAIN)
        task_park();
    wait_end(&op);
    return status;
}

#endif
