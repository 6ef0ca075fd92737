/**
 * @file nucleus/hart.h
 * Harts (hardware threads): who am I, time, timers, interrupts off, work on other harts.
 *
 * Harts are numbered 0 .. hart_count()-1: the one that booted, then the others in the order of the device
 * tree; hart_id() is the number that the hardware has.
 */
#ifndef MITOS_NUCLEUS_HART_H
#define MITOS_NUCLEUS_HART_H

#include <stdbool.h>
#include <stdint.h>

#include "../own.h"
#include "../status.h"
#include "address.h"
#include "sstatus.h"

#define MAX_HARTS 8u

struct task;

/** The number of harts that run, 1 .. MAX_HARTS. Constant after boot. */
unsigned hart_count(void);
/** This hart's number. Stable only while interrupts are off; a hint otherwise. */
NUCLEUS_INLINE unsigned hart_index(void);
/** The hardware's id of hart @p index < hart_count(). */
uint64_t hart_id(unsigned index);
/** The task that runs on this hart. */
NUCLEUS_INLINE struct task *task_current(void);

/** The `time` CSR: ticks of machine_timebase() per second, the same on all harts. */
NUCLEUS_INLINE uint64_t hart_ticks(void);
/** The `instret` CSR of this hart: instructions retired; exact under -icount, else a host artefact. */
NUCLEUS_INLINE uint64_t hart_instructions(void);

/** How often hart @p index came out of a swap's hold through fence.i, without which it might go on to execute
 *  text that the swap replaced. Another hart than the one that swapped may do so a little after the swap. */
uint64_t hart_hold_fences(unsigned index);

/** Interrupts off: a handle, so a fault in the section turns them on again. Nests. */
typedef struct LINEAR("irq_guard") irq_guard {
    uint64_t saved; /* sstatus.SIE before, and a mark in bit 63 while held */
} irq_guard;

NUCLEUS_INLINE void irq_disable(irq_guard *guard) MAKES(*guard) ACQUIRES(irqs_off);
NUCLEUS_INLINE void irq_restore(irq_guard *guard) TAKES(*guard) RELEASES(irqs_off);
NUCLEUS_INLINE void irq_guard_unwind(irq_guard *guard) UNCHECKED;

#ifndef MITOS_HOST
#define HART_INDEX 16 /* struct hart of the nucleus, which tp points at: its task at 0 */

static inline unsigned hart_index(void)
{
    unsigned index;

    __asm__ volatile("lw %0, %1(tp)" : "=r"(index) : "i"(HART_INDEX));
    return index;
}

/* One instruction, so that a migration cannot fall between reading tp and reading
 * the task. */
static inline struct task *task_current(void)
{
    struct task *task;

    __asm__ volatile("ld %0, 0(tp)" : "=r"(task));
    return task;
}

static inline uint64_t hart_ticks(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks) : : "memory");
    return ticks;
}

static inline uint64_t hart_instructions(void)
{
    uint64_t count;

    __asm__ volatile("rdinstret %0" : "=r"(count) : : "memory");
    return count;
}

#define IRQ_GUARD_HELD (1ul << 63)

/* Unchecked, all three: the transition itself. */
/** Turns interrupts of this hart off, and notes in @p guard whether they were on. */
static inline UNCHECKED void irq_disable(irq_guard *guard)
{
    guard->saved = sstatus_irq_off() | IRQ_GUARD_HELD;
}

/** Turns interrupts of this hart on again, if they were on before irq_disable(). */
static inline UNCHECKED void irq_restore(irq_guard *guard)
{
    uint64_t saved = guard->saved;

    guard->saved = 0;
    sstatus_irq_on(saved & SSTATUS_SIE);
}

static inline UNCHECKED void irq_guard_unwind(irq_guard *guard)
{
    if (guard->saved)
        irq_restore(guard);
}
#endif

/** Makes hart @p index look for work: it leaves wfi, or enters its trap handler and picks again. */
void hart_kick(unsigned index);
/** Ends the running task's turn at the next return from interrupt. For schedulers, on this hart. */
void hart_reschedule(void) REQUIRES(irqs_off);
/** Whether this hart runs no task; in an interrupt: ran none when it came. It then asks the scheduler for one
 *  (sched_pick()) when the interrupt is over, without being told. */
bool hart_is_idle(void) REQUIRES(irqs_off);

/** sfence.vma for @p bytes from @p address on every hart; returns when all have done it. Never sleeps. */
void hart_fence_mappings(const void *address, uint64_t bytes);
/** Switches this hart to the page table at @p root (Sv39, ASID 1); for the vm cell. */
void hart_set_page_table(paddr root) REQUIRES(irqs_off);

/**
 * Next timer interrupt of this hart at @p ticks (UINT64_MAX: none): by the stimecmp CSR (Sstc extension;
 * illegal instruction where the hart has none), or else by SBI (TIME extension).
 */
void hart_timer(uint64_t ticks, bool by_sstc) REQUIRES(irqs_off);

/** Runs @p function(@p argument) once on each hart, interrupts off, this one last; waits for all. */
void hart_each(void (*function)(void *argument), void *argument);

#endif
