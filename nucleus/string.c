/* Memory and strings (abi/nucleus/string.h). GCC calls the first four by itself, so this file is
 * compiled so that GCC does not find their own loops in them and call them again. */
#include "nucleus/string.h"

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* Any memory, eight bytes at a time. */
typedef uint64_t __attribute__((may_alias)) word;

#define WORD sizeof(word)
#define BLOCK (8 * WORD)

static bool is_aligned(const void *a, const void *b)
{
    return (((uintptr_t)a | (uintptr_t)b) & (WORD - 1)) == 0;
}

void *memset(void *to, int byte, size_t bytes)
{
    unsigned char *at = to;
    uint64_t pattern = (unsigned char)byte * 0x0101010101010101ul;

    while (bytes > 0 && !is_aligned(at, at)) {
        *at++ = (unsigned char)byte;
        bytes--;
    }
    for (; bytes >= BLOCK; at += BLOCK, bytes -= BLOCK) {
        word *words = (word *)(void *)at;

        words[0] = words[1] = words[2] = words[3] = pattern;
        words[4] = words[5] = words[6] = words[7] = pattern;
    }
    for (; bytes >= WORD; at += WORD, bytes -= WORD)
        *(word *)(void *)at = pattern;
    while (bytes-- > 0)
        *at++ = (unsigned char)byte;
    return to;
}

/* Whole words of @p bytes, to an aligned place. @return how many bytes. */
static size_t copy_aligned(word *to, const word *from, size_t bytes)
{
    size_t rest = bytes;

    for (; rest >= BLOCK; to += 8, from += 8, rest -= BLOCK) {
        word a = from[0], b = from[1], c = from[2], d = from[3];

        to[0] = a, to[1] = b, to[2] = c, to[3] = d;
        a = from[4], b = from[5], c = from[6], d = from[7];
        to[4] = a, to[5] = b, to[6] = c, to[7] = d;
    }
    for (; rest >= WORD; rest -= WORD)
        *to++ = *from++;
    return bytes - rest;
}

/* The same from a place that is not aligned: each word is made of parts of two, of which none is read that
 * does not lie inside. */
static size_t copy_shifted(word *to, const unsigned char *from, size_t bytes)
{
    unsigned skew = (uintptr_t)from % WORD, low = 8 * skew, high = 64 - low;
    size_t rest = bytes;
    word carry = 0;

    for (unsigned i = skew; i < WORD; i++)
        carry |= (word)*from++ << 8 * (i - skew);
    for (; rest >= 2 * WORD; from += WORD, rest -= WORD) {
        word next = *(const word *)(const void *)from;

        *to++ = carry | next << high;
        carry = next >> low;
    }
    return bytes - rest;
}

/* From the lowest byte up: right for overlapping ranges when to < from. */
static void copy_up(unsigned char *to, const unsigned char *from, size_t bytes)
{
    size_t done;

    if (bytes >= WORD) {
        while (!is_aligned(to, to)) {
            *to++ = *from++;
            bytes--;
        }
        if (is_aligned(from, from))
            done = copy_aligned((word *)(void *)to, (const word *)(const void *)from, bytes);
        else
            done = copy_shifted((word *)(void *)to, from, bytes);
        to += done;
        from += done;
        bytes -= done;
    }
    while (bytes-- > 0)
        *to++ = *from++;
}

/* From the highest byte down: right for overlapping ranges when to > from. */
static void copy_down(unsigned char *to, const unsigned char *from, size_t bytes)
{
    while (bytes-- > 0)
        to[bytes] = from[bytes];
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    copy_up(to, from, bytes);
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    if ((uintptr_t)to <= (uintptr_t)from)
        copy_up(to, from, bytes);
    else
        copy_down(to, from, bytes);
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;

    for (; bytes > 0; x++, y++, bytes--) {
        if (*x != *y)
            return *x - *y;
    }
    return 0;
}

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end)
        end++;
    return (size_t)(end - text);
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t most)
{
    for (; most > 0; a++, b++, most--) {
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    }
    return 0;
}

char *strchr(const char *text, int byte)
{
    for (;; text++) {
        if (*text == (char)byte)
            return (char *)(uintptr_t)text;
        if (!*text)
            return NULL;
    }
}

char *strstr(const char *text, const char *part)
{
    for (;; text++) {
        if (string_starts(text, part))
            return (char *)(uintptr_t)text;
        if (!*text)
            return NULL;
    }
}

bool string_copy(char *to, size_t room, const char *from)
{
    size_t i = 0;

    for (; i < room - 1 && from[i]; i++)
        to[i] = from[i];
    to[i] = '\0';
    return from[i] == '\0';
}

bool string_starts(const char *text, const char *prefix)
{
    while (*prefix && *text == *prefix) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

/* On a mismatch the last `*` takes one byte more; earlier ones need not be tried again. */
bool string_matches(const char *text, const char *pattern)
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

/* The value of a digit, or 16 when it is none. */
static unsigned digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0');
    if (digit >= 'a' && digit <= 'f')
        return (unsigned)(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F')
        return (unsigned)(digit - 'A') + 10;
    return 16;
}

bool string_to_u64(const char *text, uint64_t *value)
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
