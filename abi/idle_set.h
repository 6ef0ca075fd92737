/**
 * @file idle_set.h
 * For schedulers: the set of harts that found no task and wait for a kick, bit h of one atomic word being hart
 * h. It lies in the scheduler's state, zeroed; needs no lock, never sleeps, and no function of it can fail.
 *
 * Both sides write first and look afterwards, in one order for all (seq_cst): a hart enters the set
 * and then looks at the queues once more; whoever queued a task then looks at the set.
 */
#ifndef MITOS_IDLE_SET_H
#define MITOS_IDLE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "nucleus/hart.h"

#define NO_HART MAX_HARTS

struct idle_set {
    uint32_t harts;
};

/** Hart @p hart (0 .. MAX_HARTS - 1), the caller's own, has found no task. */
static inline void idle_enter(struct idle_set *set, unsigned hart)
{
    (void)__atomic_fetch_or(&set->harts, 1u << hart, __ATOMIC_SEQ_CST);
}

/** The hart has found work by itself; whoever claimed it meanwhile kicks it in vain. */
static inline void idle_leave(struct idle_set *set, unsigned hart)
{
    if (__atomic_load_n(&set->harts, __ATOMIC_RELAXED) & 1u << hart)
        (void)__atomic_fetch_and(&set->harts, ~(1u << hart), __ATOMIC_RELAXED);
}

/** Whether some hart waits. */
static inline bool idle_any(const struct idle_set *set)
{
    return __atomic_load_n(&set->harts, __ATOMIC_SEQ_CST) != 0;
}

/** Takes one hart out of the set, @p wanted if it is there; NO_HART when none is. The caller
 *  kicks it. */
static inline unsigned idle_claim(struct idle_set *set, unsigned wanted)
{
    uint32_t harts;

    while ((harts = __atomic_load_n(&set->harts, __ATOMIC_SEQ_CST)) != 0) {
        unsigned hart = harts & (1u << wanted) ? wanted : (unsigned)__builtin_ctz(harts);
        uint32_t bit = 1u << hart;

        if (__atomic_fetch_and(&set->harts, ~bit, __ATOMIC_ACQ_REL) & bit)
            return hart;
    }
    return NO_HART;
}

#endif
