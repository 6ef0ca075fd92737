/*
 * What all versions of notes do alike. A version includes this behind its struct note, its struct notes_state, and
 * what is used of a note here: note_new(), note_end(), note_write(), note_read().
 */
#ifndef EVOLVE_CELLS_SERVE_H
#define EVOLVE_CELLS_SERVE_H

#include "cell.h"
#include "evolve.h"
#include "nucleus/hart.h"
#include "nucleus/heap.h"
#include "nucleus/machine.h"
#include "nucleus/spinlock.h"
#include "nucleus/string.h"
#include "nucleus/task.h"
#include "plan.h"

/* Unchecked: nobody unlocks it, as the second one waits for the first. */
static __attribute__((noinline)) UNCHECKED void wait_for_a_lock(void)
{
    OWN(spin_guard) guard = {0};
    OWN(spin_guard) again = {0};
    struct spinlock lock = {0};

    spin_lock(&guard, &lock);
    spin_lock(&again, &lock);
    spin_unlock(&again, &lock);
    spin_unlock(&guard, &lock);
}

/* At step @p number of a migration: what is planned for it. */
static inline enum status trip(uint64_t number)
{
    if (number != planned(2))
        return OK;
    if (planned(1) == NOTES_FAULTS)
        fault();
    if (planned(1) == NOTES_LOOPS)
        loop();
    if (planned(1) == NOTES_WAITS_FOR_A_LOCK)
        wait_for_a_lock();
    if (planned(1) == NOTES_SAYS_AGAIN)
        return AGAIN;
    return planned(1) == NOTES_FAILS ? ERR_IO : OK;
}

EXPORT unsigned notes_version(void)
{
    return VERSION;
}

/* What note_mark() gives is in each note, so that one whose members are at wrong places is noticed. */
static inline uint32_t note_mark(uint64_t value)
{
    return (uint32_t)value ^ 0x5a5a5a5au;
}

EXPORT struct note *notes_make(uint64_t value)
{
    struct note *note = note_new();

    if (note)
        note_write(note, value);
    return note;
}

EXPORT void notes_drop(struct note *note)
{
    note_end(note);
}

EXPORT uint64_t notes_value(const struct note *note)
{
    return note_read(note);
}

EXPORT unsigned notes_make_late(struct note **notes, unsigned count, uint32_t *inside)
{
    uint64_t before = hart_hold_fences(0);
    unsigned made = 0;

    __atomic_store_n(inside, 1, __ATOMIC_RELEASE);
    while (hart_hold_fences(0) == before)
        continue;
    while (made < count && (notes[made] = notes_make(made)))
        made++;
    return made;
}

EXPORT void *notes_scrap(size_t bytes)
{
    return heap_alloc_bytes(state.scraps, bytes);
}

EXPORT void notes_scrap_drop(void *scrap)
{
    heap_free(state.scraps, scrap);
}

EXPORT void notes_hit(void)
{
    state.hits++;
    state.first += 10;
    state.second += 100;
}

static enum status start(enum cell_reason reason)
{
    uint64_t plan = planned(1), begin = hart_ticks();

    (void)reason;
    role_assert_may_park();
    while (plan == NOTES_START_FAILS_LATE && hart_ticks() - begin < machine_timebase() / 200)
        task_yield();
    return plan == NOTES_START_FAILS || plan == NOTES_START_FAILS_LATE ? ERR_IO : OK;
}

#endif
