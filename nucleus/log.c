/* The log ring (nucleus/log.h): bytes numbered since boot, the last 16 KiB kept. */
#include "nucleus/log.h"

#include "harts.h"
#include "hooks_private.h"
#include "nucleus/format.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"

#define RING_BYTES 16384u
#define LINE_BYTES 256u

static struct {
    struct spinlock lock;
    /* lock guards: */
    uint64_t written; /* bytes since boot */
    char bytes[RING_BYTES];
} ring;

static void ring_append(const char *text, size_t bytes) REQUIRES(ring.lock);
static void ring_append(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ring.bytes[ring.written++ % RING_BYTES] = text[i];
}

/* Composes "[   0.012345] text\n" and appends it. @return its length. */
static size_t compose(char *line, const char *text, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static size_t compose(char *line, const char *text, va_list arguments)
{
    OWN(spin_guard) guard = {0};
    uint64_t timebase = machine_timebase();
    uint64_t ticks = hart_ticks();
    uint64_t seconds = timebase ? ticks / timebase : 0;
    uint64_t micros = timebase ? ticks % timebase * 1000000 / timebase : 0;
    size_t used = format(line, LINE_BYTES, "[%4lu.%06lu] ", seconds, micros);

    used += format_list(line + used, LINE_BYTES - used, text, arguments);
    if (used > LINE_BYTES - 2)
        used = LINE_BYTES - 2;
    line[used++] = '\n';
    spin_lock(&guard, &ring.lock);
    ring_append(line, used);
    spin_unlock(&guard, &ring.lock);
    return used;
}

void log_write(const char *text, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, text);
    compose(line, text, arguments);
    va_end(arguments);
}

void log_print(const char *text, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    size_t bytes;

    va_start(arguments, text);
    bytes = compose(line, text, arguments);
    va_end(arguments);
    hooks.console_emergency(line, bytes);
}

size_t log_read(uint64_t *from, char *to, size_t room)
{
    OWN(spin_guard) guard = {0};
    size_t bytes = 0;

    spin_lock(&guard, &ring.lock);
    if (ring.written > RING_BYTES && *from < ring.written - RING_BYTES)
        *from = ring.written - RING_BYTES;
    while (bytes < room && *from < ring.written)
        to[bytes++] = ring.bytes[(*from)++ % RING_BYTES];
    spin_unlock(&guard, &ring.lock);
    return bytes;
}
