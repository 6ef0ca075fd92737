/**
 * @file nucleus/log.h
 * The log ring: the last 16 KiB of what the system had to say. Written from anywhere, interrupts and
 * traps included; lock held only for the copy. Never sleeps.
 */
#ifndef MITOS_NUCLEUS_LOG_H
#define MITOS_NUCLEUS_LOG_H

#include <stddef.h>
#include <stdint.h>

/** Adds one line (no newline at its end) with the time in front; lines over 240 bytes are cut. */
void log_write(const char *text, ...) __attribute__((format(printf, 1, 2)));
/** As log_write(), and shows it on the console at once (boot lines, fault reports). */
void log_print(const char *text, ...) __attribute__((format(printf, 1, 2)));
#define LOG_READ_MOST 128
/**
 * Copies what the ring holds from byte number @p *from on into @p to, at most LOG_READ_MOST bytes a call, and moves
 * *from behind it. Bytes are numbered since boot; when those wanted are overwritten, *from first jumps
 * to the oldest kept. @return the number copied, 0 at the end.
 */
size_t log_read(uint64_t *from, char *to, size_t room);

#endif
