/* The slow paths of spinlocks (nucleus/spinlock.h). A spinner serves calls from other harts' hart_each(),
 * so that a hart which waits for all others cannot deadlock with one that waits for a lock. */
#include "nucleus/spinlock.h"

#include "harts.h"

void spin_wait(struct spinlock *lock)
{
    role_assert_irqs_off();
    do {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
            hart_poll();
    } while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE));
}

/* Unchecked: it releases what the cut-off frame had taken. */
UNCHECKED void spin_abandon(spin_guard *guard)
{
    guard->lock->poisoned = 1;
    spin_unlock(guard, guard->lock);
}
