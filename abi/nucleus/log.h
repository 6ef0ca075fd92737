/**
 * @file nucleus/log.h
 * The log ring: the last 16 KiB of what the system had to say. Written from anywhere, interrupts and
 * traps included; a lock is held for the copy only, and readers take none. Never sleeps.
 */
#ifndef MITOS_NUCLEUS_LOG_H
#define MITOS_NUCLEUS_LOG_H

#include <stddef.h>
#include <stdint.h>

/** Adds one line (no newline at its end) with the time in front; lines over 240 bytes are cut. */
void log_write(const char *text, ...) __attribute__((format(printf, 1, 2)));
/** As log_write(), and shows it on the console at once (boot lines, fault reports). */
void log_print(const char *text, ...) __attribute__((format(printf, 1, 2)));

#define LOG_RING_BYTES 16384u
#define LOG_LINE_MOST 256u /* bytes */

/** Byte number n of the log, counted since boot, is bytes[n % LOG_RING_BYTES]. */
struct log_ring {
    uint64_t written; /* bytes since boot; atomic: a line counts when it is complete */
    char bytes[LOG_RING_BYTES];
};
/** The ring, for reading. */
const struct log_ring *log_ring(void);

/**
 * Copies what the ring holds from byte number @p *from on into @p to, and moves *from behind it. When those wanted
 * are overwritten, *from first jumps to the oldest kept. Takes no lock: what a writer came to meanwhile is read again.
 * @return the number copied, 0 at the end.
 */
static inline size_t log_read(uint64_t *from, char *to, size_t room)
{
    const uint64_t kept = LOG_RING_BYTES - LOG_LINE_MOST; /* a line may be under way */
    const struct log_ring *ring = log_ring();
    uint64_t start, end;
    size_t bytes;

    do {
        end = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);
        start = end - *from > kept ? end - kept : *from;
        bytes = end - start < room ? end - start : room;
        for (size_t i = 0; i < bytes; i++)
            to[i] = ring->bytes[(start + i) % LOG_RING_BYTES];
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&ring->written, __ATOMIC_RELAXED) - start > kept);
    *from = start + bytes;
    return bytes;
}

#endif
