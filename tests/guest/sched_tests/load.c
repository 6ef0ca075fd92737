/* A load for the scheduler (load.h). */
#include "load.h"

#include "nucleus/hart.h"
#include "nucleus/string.h"

#define STEPS_PER_ROUND 64u

/* The mark stays set while the task is preempted in between: only it itself can find it set
 * wrongly. */
static void mark_and_count(struct load_member *member)
{
    if (__atomic_exchange_n(&member->owner, 1, __ATOMIC_ACQUIRE))
        __atomic_store_n(&member->collision, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < STEPS_PER_ROUND; i++)
        __atomic_signal_fence(__ATOMIC_SEQ_CST); /* so that the loop stays */
    __atomic_store_n(&member->rounds, member->rounds + 1, __ATOMIC_RELAXED);
    member->harts |= 1ul << hart_index();
    __atomic_store_n(&member->owner, 0, __ATOMIC_RELEASE);
}

static int member_main(void *argument)
{
    struct load_member *member = argument;

    role_assert_may_park();
    while (!__atomic_load_n(&member->load->stop, __ATOMIC_RELAXED)) {
        mark_and_count(member);
        if (member->yields)
            task_yield();
    }
    return 0;
}

/* Unchecked, both: clang cannot follow handles in an array. */
static bool member_start(struct load_member *member) UNCHECKED
{
    return task_spawn(&member->task, member->yields ? "yields" : "computes", member_main, member);
}

void load_stop(struct load *load) UNCHECKED
{
    __atomic_store_n(&load->stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < load->count; i++)
        (void)task_join(&load->members[i].task, NULL);
    load->count = 0;
}

bool load_start(struct load *load, unsigned count, unsigned yield_every)
{
    memset(load, 0, sizeof *load);
    while (load->count < count) {
        struct load_member *member = &load->members[load->count];

        member->load = load;
        member->yields = yield_every && load->count % yield_every == 0;
        if (!member_start(member)) {
            load_stop(load);
            return false;
        }
        load->count++;
    }
    return true;
}

uint64_t load_rounds(const struct load *load, unsigned member)
{
    return __atomic_load_n(&load->members[member].rounds, __ATOMIC_RELAXED);
}

unsigned load_progressed(const struct load *load)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LOAD_MOST; i++)
        count += load_rounds(load, i) > 0;
    return count;
}

unsigned load_collisions(const struct load *load)
{
    unsigned count = 0;

    for (unsigned i = 0; i < LOAD_MOST; i++)
        count += __atomic_load_n(&load->members[i].collision, __ATOMIC_RELAXED);
    return count;
}
