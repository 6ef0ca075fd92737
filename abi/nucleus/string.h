/**
 * @file nucleus/string.h
 * Memory and strings, with unwind tables (picolibc's have none). Meanings as in ISO C 7.24.
 * None of these sleeps, locks or allocates. More is in text.h.
 */
#ifndef MITOS_NUCLEUS_STRING_H
#define MITOS_NUCLEUS_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

/** Copies at most @p room - 1 bytes and always ends with a NUL; @return false when cut. @p room > 0. */
static inline bool string_copy(char *to, size_t room, const char *from)
{
    size_t i = 0;

    for (; i < room - 1 && from[i]; i++)
        to[i] = from[i];
    to[i] = '\0';
    return from[i] == '\0';
}

#endif
