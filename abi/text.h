/**
 * @file text.h
 * Searching in text, patterns, numbers; mostly for who talks with people. Inline, so that each has its own;
 * what everybody needs of strings is in nucleus/string.h.
 */
#ifndef MITOS_TEXT_H
#define MITOS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether @p text begins with @p prefix. */
static inline bool string_starts(const char *text, const char *prefix)
{
    while (*prefix && *text == *prefix) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

/** Compares at most @p most bytes (ISO C 7.24.4.4). */
static inline int strncmp(const char *a, const char *b, size_t most)
{
    for (; most > 0; a++, b++, most--) {
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    }
    return 0;
}

/** The first @p byte in @p text, its end included; NULL: none (ISO C 7.24.5.2). */
static inline char *strchr(const char *text, int byte)
{
    for (;; text++) {
        if (*text == (char)byte)
            return (char *)(uintptr_t)text;
        if (!*text)
            return NULL;
    }
}

/** The first place in @p text where @p part stands; NULL: none (ISO C 7.24.5.7). */
static inline char *strstr(const char *text, const char *part)
{
    for (;; text++) {
        if (string_starts(text, part))
            return (char *)(uintptr_t)text;
        if (!*text)
            return NULL;
    }
}

/**
 * Whether @p text matches @p pattern, where `*` stands for any run and `?` for one byte. On a mismatch
 * the last `*` takes one byte more; earlier ones need not be tried again.
 */
static inline bool string_matches(const char *text, const char *pattern)
{
    const char *star = NULL, *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/** The value of a decimal or hexadecimal digit, or 16 when it is none. */
static inline unsigned digit_value(char digit)
{
    unsigned letter = ((unsigned)digit | 32u) - 'a';

    if ((unsigned)digit - '0' < 10)
        return (unsigned)digit - '0';
    return letter < 6 ? letter + 10 : 16;
}

/**
 * Reads an unsigned number: decimal, or hexadecimal after 0x. The whole of @p text must be the number.
 * @return false when it is none or exceeds 64 bits; then @p value is untouched.
 */
static inline bool string_to_u64(const char *text, uint64_t *value)
{
    uint64_t base = 10, result = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = digit_value(*text);

        if (digit >= base || result > (UINT64_MAX - digit) / base)
            return false;
        result = result * base + digit;
    }
    *value = result;
    return true;
}

#endif
