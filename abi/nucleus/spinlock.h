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
#include "sstatus.h"

struct CAPABILITY("spinlock") spinlock {
    uint32_t held;     /* 0 free, 1 held */
    uint32_t poisoned; /* set when a fault cut the holder short */
};

typedef struct LINEAR("spin_guard") spin_guard {
    struct spinlock *lock; /* NULL when empty */
    uint64_t saved;        /* sstatus.SIE before */
} spin_guard;

/** Turns interrupts off and takes @p lock. While it spins it answers requests to park this hart. */
NUCLEUS_INLINE void spin_lock(spin_guard *guard, struct spinlock *lock) ACQUIRES(*guard, *lock, irqs_off);
/** Releases @p lock, and turns interrupts on again if they were on before. */
NUCLEUS_INLINE void spin_unlock(spin_guard *guard, struct spinlock *lock) RELEASES(*guard, *lock, irqs_off);

/** The same where interrupts are off already: in interrupt hooks, in pick(), under another lock. */
NUCLEUS_INLINE void spin_lock_nested(spin_guard *guard, struct spinlock *lock) ACQUIRES(*guard, *lock)
    REQUIRES(irqs_off);
/** Releases @p lock; interrupts stay off. */
NUCLEUS_INLINE void spin_unlock_nested(spin_guard *guard, struct spinlock *lock) RELEASES(*guard, *lock)
    REQUIRES(irqs_off);

NUCLEUS_INLINE void spin_guard_unwind(spin_guard *guard) UNCHECKED;

/** Whether a fault or a kill cut somebody short who held @p lock: what it guards may be half changed. The mark stays
 *  until spin_forgive(): who shares the data repairs it, or gives it up, and says so. Others may go on meanwhile, as
 *  the lock is free. */
NUCLEUS_INLINE bool spin_is_poisoned(struct spinlock *lock) REQUIRES(*lock);
/** Takes the mark away. */
NUCLEUS_INLINE void spin_forgive(struct spinlock *lock) REQUIRES(*lock);

/** The slow path of the locks: spins until @p lock is taken. Interrupts are off. */
void spin_wait(struct spinlock *lock);

#ifndef MITOS_HOST

/* Unchecked, all: these are the lock's own code. Inline, because a pair costs about 12 instructions
 * this way, and the paths that take one are counted in hundreds. */
static inline UNCHECKED void spin_lock_nested(spin_guard *guard, struct spinlock *lock)
{
    if (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
        spin_wait(lock);
    guard->saved = 0;
    guard->lock = lock;
}

static inline UNCHECKED void spin_unlock_nested(spin_guard *guard, struct spinlock *lock)
{
    guard->lock = (struct spinlock *)0;
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

static inline UNCHECKED void spin_lock(spin_guard *guard, struct spinlock *lock)
{
    uint64_t before = sstatus_irq_off();

    spin_lock_nested(guard, lock);
    guard->saved = before;
}

static inline UNCHECKED void spin_unlock(spin_guard *guard, struct spinlock *lock)
{
    spin_unlock_nested(guard, lock);
    sstatus_irq_on(guard->saved);
}

static inline bool spin_is_poisoned(struct spinlock *lock)
{
    return lock->poisoned;
}

static inline void spin_forgive(struct spinlock *lock)
{
    lock->poisoned = 0;
}

/* What the cut-off frame had taken is released, but marked. */
static inline UNCHECKED void spin_guard_unwind(spin_guard *guard)
{
    if (!guard->lock)
        return;
    guard->lock->poisoned = 1;
    spin_unlock(guard, guard->lock);
}

#endif
#endif
