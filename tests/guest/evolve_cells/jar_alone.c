/* Jars that cannot be had from those of others. */
#include "jar.h"

#include "cell.h"
#include "evolve.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"

struct jar {
    uint64_t count, sum;
};
KIND(jar, "jar", struct jar);

struct jar_alone_state {
    struct kind *jars;
    uint64_t live;
};
CELL_STATE(struct jar_alone_state);

EXPORT struct jar *jar_make(void)
{
    struct jar *jar = heap_alloc(state.jars);

    if (!jar)
        return NULL;
    memset(jar, 0, sizeof *jar);
    state.live++;
    return jar;
}

EXPORT void jar_drop(struct jar *jar)
{
    heap_free(state.jars, jar);
    state.live--;
}

EXPORT void jar_put(struct jar *jar, uint32_t number)
{
    jar->count++;
    jar->sum += number;
}

EXPORT uint64_t jar_sum(const struct jar *jar)
{
    return jar->sum;
}

EXPORT uint64_t jar_count(const struct jar *jar)
{
    return jar->count;
}

EXPORT uint64_t jars_live(void)
{
    return state.live;
}

EXPORT char jars_provider(void)
{
    return 'a';
}

static enum status init(enum cell_reason reason)
{
    return reason == REASON_SWAP ? OK : kind_create(&state.jars, &kind_jar);
}

CELL(.name = "jar_alone", .version = "1.0", .summary = "Jars, for tests of images", .provides = "jar", .init = init);
