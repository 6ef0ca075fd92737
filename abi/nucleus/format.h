/**
 * @file nucleus/format.h
 * Formatted text. None of these sleeps, locks or allocates.
 *
 * Conversions: %d %i %u %x %X %c %s %p %% with the flags `-` `0`, width and precision (also `*`), and
 * the lengths h hh l ll z. %p prints 0x and 16 digits.
 */
#ifndef MITOS_NUCLEUS_FORMAT_H
#define MITOS_NUCLEUS_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/**
 * Writes at most @p room bytes, the NUL included (@p room 0 writes nothing).
 * @return the length that the whole text has without its NUL, as snprintf does.
 */
size_t format(char *to, size_t room, const char *text, ...) __attribute__((format(printf, 3, 4)));
/** The same with the arguments as a list. */
size_t format_list(char *to, size_t room, const char *text, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
