/* Memory and strings (abi/nucleus/string.h). GCC calls the first four by itself, so this file is
 * compiled so that GCC does not find their own loops in them and call them again. */
#include "nucleus/string.h"

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* Any memory, 8 bytes at a time. */
typedef uint64_t __attribute__((may_alias)) word;

void *memset(void *to, int byte, size_t bytes)
{
    unsigned char *at = to;
    word pattern = (unsigned char)byte * 0x0101010101010101ul;

    for (; bytes > 0 && (uintptr_t)at % 8 != 0; bytes--)
        *at++ = (unsigned char)byte;
#pragma GCC unroll 8
    for (; bytes >= 8; bytes -= 8, at += 8)
        *(word *)(void *)at = pattern;
    for (; bytes > 0; bytes--)
        *at++ = (unsigned char)byte;
    return to;
}

/* From the lowest byte up; but overlapping ranges with to > from, down from the highest byte. Where the two
 * are not aligned alike, each word is made of parts of two, of which none is read that does not lie inside. */
void *memmove(void *start, const void *source, size_t bytes)
{
    unsigned char *to = start;
    const unsigned char *from = source;
    unsigned skew, held = 0;
    word carry = 0;

    for (; (uintptr_t)to - (uintptr_t)from < bytes && to != from; bytes--)
        to[bytes - 1] = from[bytes - 1];
    for (; bytes > 0 && (uintptr_t)to % 8 != 0; bytes--)
        *to++ = *from++;
    skew = 8 * ((uintptr_t)from % 8);
    if (skew == 0) {
#pragma GCC unroll 8
        for (; bytes >= 8; bytes -= 8, to += 8, from += 8)
            *(word *)(void *)to = *(const word *)(const void *)from;
    } else if (bytes >= 16) {
        for (; (uintptr_t)from % 8 != 0; held += 8)
            carry |= (word)*from++ << held;
        for (; bytes >= 16; bytes -= 8, to += 8, from += 8) {
            word next = *(const word *)(const void *)from;

            *(word *)(void *)to = carry | next << held;
            carry = next >> skew;
        }
        from -= held / 8;
    }
    for (; bytes > 0; bytes--)
        *to++ = *from++;
    return start;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    return memmove(to, from, bytes);
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
    for (; *a && *a == *b; a++)
        b++;
    return (unsigned char)*a - (unsigned char)*b;
}
