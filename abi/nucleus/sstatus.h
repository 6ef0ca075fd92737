/**
 * @file nucleus/sstatus.h
 * The interrupt-enable bit of this hart (sstatus.SIE, RISC-V privileged specification 4.1.1), as the
 * locks and guards use it. Everyone else takes an irq_guard (hart.h) or a spinlock.
 */
#ifndef MITOS_NUCLEUS_SSTATUS_H
#define MITOS_NUCLEUS_SSTATUS_H

#include <stdint.h>

#ifdef MITOS_HOST
#define NUCLEUS_INLINE extern /* the host's tests bring functions of their own, which check nesting */
#else
#define NUCLEUS_INLINE static inline

#define SSTATUS_SIE 2ul

/** Turns interrupts off. @return SSTATUS_SIE if they were on, else 0. */
static inline uint64_t sstatus_irq_off(void)
{
    uint64_t before;

    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(before) : : "memory");
    return before & SSTATUS_SIE;
}

/** Turns them on if @p saved says so. */
static inline void sstatus_irq_on(uint64_t saved)
{
    __asm__ volatile("csrs sstatus, %0" : : "r"(saved) : "memory");
}

#endif
#endif
