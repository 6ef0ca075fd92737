/* The plan of a version, into which tests write what shall go wrong (plans.h); and two of these things. */
#ifndef EVOLVE_CELLS_PLAN_H
#define EVOLVE_CELLS_PLAN_H

#include "plans.h"

static const uint64_t plan[3] = {PLAN_MAGIC, 0, 0};

/* Volatile: the compiler must not know what the test changes. */
static uint64_t planned(unsigned word)
{
    return *(const volatile uint64_t *)&plan[word];
}

static void fault(void)
{
    volatile uint64_t address = 8;

    *(volatile uint64_t *)address = 0;
}

static __attribute__((noinline)) void loop(void)
{
    while (planned(0))
        continue;
}

#endif
