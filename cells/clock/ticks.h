/*
 * Ticks of the machine's clock and nanoseconds, both 64 bits, without overflow on the way: whole
 * seconds and the rest are converted apart. Rounding is such that ticks_to_ns(ns_to_ticks(x)) >=
 * x: a timer that is set to the ticks of a moment never fires before it.
 */
#ifndef CLOCK_TICKS_H
#define CLOCK_TICKS_H

#include <stdint.h>

#define NS_PER_SECOND 1000000000ull

/** Rounds down. @p timebase is in ticks per second, at most 10^10. */
static inline uint64_t ticks_to_ns(uint64_t ticks, uint64_t timebase)
{
    return ticks / timebase * NS_PER_SECOND + ticks % timebase * NS_PER_SECOND / timebase;
}

/** Rounds up; UINT64_MAX when that many ticks do not fit. */
static inline uint64_t ns_to_ticks(uint64_t ns, uint64_t timebase)
{
    uint64_t rest = (ns % NS_PER_SECOND * timebase + NS_PER_SECOND - 1) / NS_PER_SECOND;
    uint64_t ticks;

    if (__builtin_mul_overflow(ns / NS_PER_SECOND, timebase, &ticks) ||
        __builtin_add_overflow(ticks, rest, &ticks))
        return UINT64_MAX;
    return ticks;
}

#endif
