/*
 * The crew: tasks that compute, yield and sleep while something is demonstrated, and what they got done.
 */
#ifndef DEMO_CREW_H
#define DEMO_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "task.h"

#define CREW_COUNT 12u

enum duty { DUTY_COMPUTE, DUTY_YIELD, DUTY_SLEEP };

struct HOLDS member {
    task_handle task; /* empty: not started; crew_end() joins it */
    enum duty duty;
    uint32_t stop;     /* atomic; it is to end */
    uint64_t rounds;   /* atomic; what it has done */
    uint64_t delay_ns; /* atomic; the longest that a sleep took too long, since it was taken last */
    uint64_t seen;     /* rounds at the last look */
};

struct crew {
    struct member members[CREW_COUNT];
};

/** Starts all. @return false: no memory; then none is left. */
bool crew_start(struct crew *crew) REQUIRES(may_park);
/** Ends all. */
void crew_end(struct crew *crew) REQUIRES(may_park);
/** Remembers how far each is. */
void crew_look(struct crew *crew);
/** How many have gone on since the last crew_look(). */
unsigned crew_moved(const struct crew *crew);
/** The longest delay of a sleep since the last call. */
uint64_t crew_take_delay(struct crew *crew);

static inline uint64_t member_rounds(const struct member *member)
{
    return __atomic_load_n(&member->rounds, __ATOMIC_RELAXED);
}

static inline uint64_t member_delay(const struct member *member)
{
    return __atomic_load_n(&member->delay_ns, __ATOMIC_RELAXED);
}

#endif
