/* Bit counting and byte swapping (abi/nucleus/runtime.h), which GCC calls on rv64imac. libgcc's own
 * have no unwind tables. Written so that GCC sees no idiom in them that it would turn into a call of
 * the same function. */
#include "nucleus/runtime.h"

#include <stdint.h>

#define EACH_BYTE(x) (0x0101010101010101ul * (x))

/* Sums bits in parallel (Warren, Hacker's Delight, 5-1). */
int __popcountdi2(long value)
{
    uint64_t v = (uint64_t)value;

    v -= v >> 1 & EACH_BYTE(0x55);
    v = (v & EACH_BYTE(0x33)) + (v >> 2 & EACH_BYTE(0x33));
    v = (v + (v >> 4)) & EACH_BYTE(0x0f);
    return (int)(v * EACH_BYTE(1) >> 56);
}

/* The lowest one, as a factor, shifts a de Bruijn sequence so that its top six bits are unique (Leiserson,
 * Prokop, Randall: Using de Bruijn Sequences to Index a 1 in a Computer Word). Undefined for 0, as libgcc's. */
int __ctzdi2(long value)
{
    static const uint8_t places[64] = {
        0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, 62, 5,  39, 46, 44, 42,
        22, 9,  24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
        23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12};
    uint64_t v = (uint64_t)value;

    return places[(v & -v) * 0x022fdd63cc95386dul >> 58];
}

int __clzdi2(long value)
{
    uint64_t v = (uint64_t)value;

    for (unsigned shift = 1; shift < 64; shift *= 2)
        v |= v >> shift;
    return 64 - __popcountdi2((long)v);
}

int __ffsdi2(long value)
{
    return value == 0 ? 0 : __ctzdi2(value) + 1;
}

unsigned int __bswapsi2(unsigned int value)
{
    value = (value & 0x00ff00ff) << 8 | (value >> 8 & 0x00ff00ff);
    return value << 16 | value >> 16;
}

unsigned long __bswapdi2(unsigned long value)
{
    value = (value & 0x00ff00ff00ff00ff) << 8 | (value >> 8 & 0x00ff00ff00ff00ff);
    value = (value & 0x0000ffff0000ffff) << 16 | (value >> 16 & 0x0000ffff0000ffff);
    return value << 32 | value >> 32;
}
