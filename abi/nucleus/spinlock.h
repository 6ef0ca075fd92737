/**
 * @file nucleus/spinlock.h
 * Spinlocks. Holding one implies interrupts off; a guard is a handle, so unwinding releases the lock.
 *
 *     OWN(spin_guard) guard = {0};
 *     spin_lock(&guard, &queue->lock);
 *     ...
 *     spin_unlock(&guard, &queue->lock);
 *
 * Data behind a lock is reached through an accessor that REQUIRES it (clang cannot parse
 * guarded_by(sibling) in C). A zeroed spinlock is free. Never taken by a function that may park.
 */
#ifndef MITOS_NUCLEUS_SPINLOCK_H
#define MITOS_NUCLEUS_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "../own.h"

struct CAPABILITY("spinlock") spinlock {
    uint32_t held;     /* 0 free, 1 held */
    uint32_t poisoned; /* set when a fault cut the holder short */
};

typedef struct LINEAR("spin_guard") spin_guard {
    struct spinlock *lock; /* NULL when empty */
    uint64_t saved;        /* sstatus.SIE before */
} spin_guard;

/** Turns interrupts off and takes @p lock. While it spins it answers requests to park this hart. */
void spin_lock(spin_guard *guard, struct spinlock *lock) ACQUIRES(*guard, *lock, irqs_off);
void spin_unlock(spin_guard *guard, struct spinlock *lock) RELEASES(*guard, *lock, irqs_off);

/** The same where interrupts are off already: in interrupt hooks, in pick(), under another lock. */
void spin_lock_nested(spin_guard *guard, struct spinlock *lock) ACQUIRES(*guard, *lock)
    REQUIRES(irqs_off);
void spin_unlock_nested(spin_guard *guard, struct spinlock *lock) RELEASES(*guard, *lock)
    REQUIRES(irqs_off);

void spin_guard_unwind(spin_guard *guard) UNCHECKED;

#endif
