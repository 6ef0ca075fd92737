/**
 * @file console.h
 * Interface `console`: the human's terminal. Provider: uart (16550).
 *
 * Writes never drop bytes: a full ring makes the step say AGAIN. One reader at a time.
 */
#ifndef MITOS_CONSOLE_H
#define MITOS_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "nucleus/format.h"
#include "nucleus/task.h"
#include "own.h"
#include "status.h"
#include "task.h"

/**
 * Takes up to @p bytes from @p text into the ring and says in @p *done how many in all (start with 0).
 * @return OK when all are taken, AGAIN after entering @p op into the queue for room.
 */
MUST_CHECK enum status console_write_step(wait_op *op, const char *text, size_t bytes, size_t *done)
    BORROWS_MUT(*op);
/** Takes what was typed, at most @p room bytes; AGAIN (and @p op queued) when nothing was. */
MUST_CHECK enum status console_read_step(wait_op *op, char *to, size_t room, size_t *got)
    BORROWS_MUT(*op);
/** OK when all that was written has left the device; AGAIN until then. */
MUST_CHECK enum status console_flush_step(wait_op *op) BORROWS_MUT(*op);

/** For the nucleus (hook): prints at once, polling, past the ring. Any context. */
void console_emergency(const char *text, size_t bytes);

/** Writes all of @p text: console_write_step(), with the waiting. */
static inline void console_write(const char *text, size_t bytes) REQUIRES(may_park);
static inline void console_write(const char *text, size_t bytes)
{
    OWN(wait_op) op = {0};
    size_t done = 0;

    wait_begin(&op);
    while (console_write_step(&op, text, bytes, &done) == AGAIN)
        task_park();
    wait_end(&op);
}

/** Waits until all that was written has left the device. */
static inline void console_flush(void) REQUIRES(may_park);
static inline void console_flush(void)
{
    OWN(wait_op) op = {0};

    wait_begin(&op);
    while (console_flush_step(&op) == AGAIN)
        task_park();
    wait_end(&op);
}

/** Formatted text (nucleus/format.h) to the console; one call's text stays together, up to 512 bytes. */
static inline void print(const char *text, ...) REQUIRES(may_park)
    __attribute__((format(printf, 1, 2)));
static inline void print(const char *text, ...)
{
    char line[512];
    va_list arguments;
    size_t length;

    va_start(arguments, text);
    length = format_list(line, sizeof line, text, arguments);
    va_end(arguments);
    console_write(line, length < sizeof line ? length : sizeof line - 1);
}

#endif
