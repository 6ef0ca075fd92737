/* A cell in two versions, of other layouts: SECOND has a wider counter, and a mode that is renumbered. */
#include "changing.h"

#include "cell.h"
#include "evolve.h"

#ifdef SECOND
typedef uint32_t count_v1;
enum mode_v1 { FAST_V1, SLOW_V1 };
typedef uint64_t count;
enum mode { SLOW, FAST, IDLE };
#else
typedef uint32_t count;
enum mode { FAST, SLOW };
#endif

struct tally {
    struct tally *next;
    enum mode mode;
};
KIND(tally, "a tally", struct tally);

struct changing_state {
    count noted;
    struct kind *tallies;
    struct tally *first;
};
CELL_STATE(struct changing_state);

#ifdef SECOND
struct tally_v1 {
    struct tally_v1 *next;
    enum mode_v1 mode;
};

struct state_v1 {
    count_v1 noted;
    struct kind *tallies;
    struct tally_v1 *first;
};

static enum status tally_from_v1(const void *from, void *to, void *body)
{
    const struct tally_v1 *old = from;

    (void)body;
    *(struct tally *)to = (struct tally){(struct tally *)old->next, old->mode == FAST_V1 ? FAST : SLOW};
    return OK;
}
MIGRATE(tally, struct tally_v1, tally_from_v1, NULL);

static enum status state_from_v1(const void *from, void *to, void *body)
{
    const struct state_v1 *old = from;

    (void)body;
    *(struct changing_state *)to =
        (struct changing_state){old->noted, old->tallies, (struct tally *)old->first};
    return OK;
}
MIGRATE_STATE(struct state_v1, state_from_v1, NULL);
#endif

EXPORT void changing_note(unsigned value)
{
    state.noted += value;
}

#ifndef SECOND
EXPORT uint64_t changing_sum(void)
{
    return state.noted;
}
#endif

static enum status init(enum cell_reason reason)
{
    if (reason != REASON_SWAP && kind_create(&state.tallies, &kind_tally) != OK)
        return ERR_NOMEM;
    return OK;
}

CELL(.name = "changing", .version = "1.0", .summary = "Differs from its second version.", .init = init);
