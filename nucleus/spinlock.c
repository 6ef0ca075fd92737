/* Spinlocks (nucleus/spinlock.h). A spinner serves calls from other harts' hart_each(), so that a hart
 * which waits for all others cannot deadlock with one that waits for a lock. */
#include "nucleus/spinlock.h"

#include "harts.h"
#include "nucleus/machine.h"

/* Unchecked: this is the lock's own code. */
static void take(spin_guard *guard, struct spinlock *lock) UNCHECKED
{
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
            hart_poll();
    }
    guard->lock = lock;
}

static void release(spin_guard *guard) UNCHECKED
{
    struct spinlock *lock = guard->lock;

    guard->lock = NULL;
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

void spin_lock(spin_guard *guard, struct spinlock *lock) UNCHECKED
{
    uint64_t before;

    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(before) : : "memory");
    guard->saved = before & SSTATUS_SIE;
    take(guard, lock);
}

void spin_unlock(spin_guard *guard, struct spinlock *lock) UNCHECKED
{
    uint64_t saved = guard->saved;

    (void)lock;
    release(guard);
    csr_set(sstatus, saved);
}

void spin_lock_nested(spin_guard *guard, struct spinlock *lock) UNCHECKED
{
    guard->saved = 0;
    take(guard, lock);
}

void spin_unlock_nested(spin_guard *guard, struct spinlock *lock) UNCHECKED
{
    (void)lock;
    release(guard);
}

void spin_guard_unwind(spin_guard *guard)
{
    if (!guard->lock)
        return;
    guard->lock->poisoned = 1;
    spin_unlock(guard, guard->lock);
}
