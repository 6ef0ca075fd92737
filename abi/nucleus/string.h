/**
 * @file nucleus/string.h
 * Memory and strings, with unwind tables (picolibc's have none). Meanings as in ISO C 7.24.
 * None of these sleeps, locks or allocates.
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
int strncmp(const char *a, const char *b, size_t most);
char *strchr(const char *text, int byte);
char *strstr(const char *text, const char *part);

/** Copies at most @p room - 1 bytes and always ends with a NUL; @return false when cut. @p room > 0. */
bool string_copy(char *to, size_t room, const char *from);
/** Whether @p text begins with @p prefix. */
bool string_starts(const char *text, const char *prefix);
/** Whether @p text matches @p pattern, where `*` stands for any run and `?` for one byte. */
bool string_matches(const char *text, const char *pattern);
/**
 * Reads an unsigned number: decimal, or hexadecimal after 0x. The whole of @p text must be the number.
 * @return false when it is none or exceeds 64 bits; then @p value is untouched.
 */
bool string_to_u64(const char *text, uint64_t *value);

#endif
