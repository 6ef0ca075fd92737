/* A lock is taken with a guard, which releases it when a fault ends the section.
 *
 * rejected by lint: the inside of a lock: take it with a guard
 * rejected by lint: the inside of a lock: take it with a guard
 * rule off: lint bare-pair
 */
#include "snippet.h"
#include "nucleus/spinlock.h"

void snippet(struct spinlock *lock);
void snippet(struct spinlock *lock)
{
#ifdef WRONG
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
        continue;
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
#else
    OWN(spin_guard) guard = {0};

    spin_lock(&guard, lock);
    spin_unlock(&guard, lock);
#endif
}
