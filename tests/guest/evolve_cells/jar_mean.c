/* Jars that keep their mean, too. */
#include "jar.h"

#include "cell.h"
#include "evolve.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"

struct jar {
    uint64_t sum, mean, count;
};
KIND(jar, "jar", struct jar);

struct jar_mean_state {
    uint64_t live;
    struct kind *jars;
};
CELL_STATE(struct jar_mean_state);

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
    jar->mean = jar->sum / jar->count;
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
    return 'm';
}

static enum status freeze(const void *from, void *to, void *body)
{
    const struct jar *jar = from;

    (void)body;
    *(struct jar_image *)to = (struct jar_image){jar->count, jar->sum};
    return OK;
}

static enum status thaw(const void *from, void *to, void *body)
{
    const struct jar_image *image = from;

    (void)body;
    if (image->sum == JAR_TOO_MUCH)
        return ERR_NOMEM;
    *(struct jar *)to = (struct jar){.count = image->count, .sum = image->sum,
                                       .mean = image->count ? image->sum / image->count : 0};
    return OK;
}
IMAGE(jar, struct jar_image, thaw, freeze);

static enum status freeze_state(const void *from, void *to, void *body)
{
    (void)body;
    ((struct jars_image *)to)->live = ((const struct jar_mean_state *)from)->live;
    return OK;
}

static enum status thaw_state(const void *from, void *to, void *body)
{
    (void)body;
    *(struct jar_mean_state *)to =
        (struct jar_mean_state){.jars = kind_find(&kind_jar), .live = ((const struct jars_image *)from)->live};
    return OK;
}
IMAGE_STATE(struct jars_image, thaw_state, freeze_state);

static enum status init(enum cell_reason reason)
{
    return reason == REASON_SWAP ? OK : kind_create(&state.jars, &kind_jar);
}

CELL(.name = "jar_mean", .version = "1.0", .summary = "Jars, for tests of images", .provides = "jar", .init = init);
