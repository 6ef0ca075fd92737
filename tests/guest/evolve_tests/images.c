/* Two providers of one interface, by way of neutral images. */
#include "jar.h"
#include "versions.h"

#define JARS 50u

static bool jars_make(struct test_run *t, struct jar **jars)
{
    bool all = true;

    for (unsigned i = 0; i < JARS; i++) {
        jars[i] = jar_make();
        all &= CHECK(t, jars[i], "no memory");
        for (uint32_t number = 0; jars[i] && number < i; number++)
            jar_put(jars[i], number);
    }
    return all;
}

static void jars_check(struct test_run *t, struct jar *const *jars, unsigned more)
{
    for (unsigned i = 0; i < JARS; i++)
        CHECK(t, jar_count(jars[i]) == i + more && jar_sum(jars[i]) == i * (i - 1ul) / 2, "jar %u: %lu, %lu", i,
              jar_count(jars[i]), jar_sum(jars[i]));
    CHECK(t, jars_live() == JARS, "%lu jars", jars_live());
}

static void jars_drop(struct jar **jars)
{
    for (unsigned i = 0; i < JARS; i++) {
        if (jars[i])
            jar_drop(jars[i]);
    }
}

/* Whichever provider a failed test has left. */
static bool jars_begin(struct test_run *t) REQUIRES(may_park);
static bool jars_begin(struct test_run *t)
{
    return jars_provider() == 'p' || version_take(t, "jar_mean", "jar_plain.cell");
}

TEST(evolve, other_provider_goes_on_from_images)
{
    struct jar *jars[JARS];
    struct snapshot before;

    if (!jars_begin(t))
        return;
    snapshot_take(&before);
    if (jars_make(t, jars) && version_take(t, "jar_plain", "jars/jar_mean.cell")) {
        CHECK(t, jars_provider() == 'm', "%c serves", jars_provider());
        jars_check(t, jars, 0);
        for (unsigned i = 0; i < JARS; i++)
            jar_put(jars[i], 0);
        jars_check(t, jars, 1);
        version_take(t, "jar_mean", "jar_plain.cell");
        jars_check(t, jars, 1);
    }
    jars_drop(jars);
    if (jars_begin(t))
        snapshot_check_memory(t, &before, "once all jars are dropped");
}

TEST(evolve, image_that_cannot_be_thawed_changes_nothing)
{
    const struct wanted mean = {.file = "jars/jar_mean.cell"};
    struct jar *jars[JARS], *bad;
    struct swap_report report;

    if (!jars_begin(t) || !jars_make(t, jars))
        return;
    bad = jar_make();
    if (CHECK(t, bad, "no memory")) {
        jar_put(bad, JAR_TOO_MUCH);
        version_refuse(t, "jar_plain", &mean, ERR_NOMEM, TEXTS("an object of kind jar of jar_plain", "jar_mean 1.0"),
                       &report);
        CHECK(t, jar_sum(bad) == JAR_TOO_MUCH && jars_provider() == 'p', "%lu, %c", jar_sum(bad), jars_provider());
        jar_drop(bad);
    }
    jars_check(t, jars, 0);
    jars_drop(jars);
}

TEST(evolve, provider_without_images_is_refused)
{
    const struct wanted alone = {.file = "jars/jar_alone.cell"};
    struct swap_report report;

    if (jars_begin(t))
        version_refuse(t, "jar_plain", &alone, ERR_UNSUPPORTED,
                       TEXTS("jar_plain and jar_alone have no image in common of their state"), &report);
}
