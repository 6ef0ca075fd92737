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

/* The zeroes below the lowest one are what borrowing turns into ones. */
int __ctzdi2(long value)
{
    return __popcountdi2(~value & (long)((uint64_t)value - 1));
}

int __clzdi2(long value)
{
    uint64_t v = (uint64_t)value;

    for (unsigned shift = 1; shift < 64; shift *= 2)
        v |= v >> shift;
    return __popcountdi2((long)~v);
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
    return (unsigned long)__bswapsi2((unsigned int)value) << 32 |
           __bswapsi2((unsigned int)(value >> 32));
}
