/* init(), start() and stop(): their order, and what becomes of a load in which one fails. */
#include "figures.h"
#include "image.h"
#include "nucleus/heap.h"
#include "nucleus/string.h"

#define INITS "dep_e init", "dep_d init", "dep_c init", "dep_b init", "dep_a init", "actor init"
#define STARTS "dep_e start", "dep_d start", "dep_c start", "dep_b start", "dep_a start", "actor start"
#define STOPS_OF_PROVIDERS "dep_a stop", "dep_b stop", "dep_c stop", "dep_d stop", "dep_e stop"

/* Loads actor to a plan, expects that it fails, and that the log has @p log. */
static void load_planned(struct test_run *t, unsigned plan, enum status status, const char *why,
                         const char *const *log) REQUIRES(may_park);
static void load_planned(struct test_run *t, unsigned plan, enum status status, const char *why,
                         const char *const *log)
{
    uint64_t from = log_end();
    struct image image;

    if (!image_copy(t, &image, "actor", 0))
        return;
    image_plan(&image, plan);
    load_bad(t, "actor", &image, status, TEXTS(why));
    log_check(t, from, log);
    image_free(&image);
}

TEST(load, providers_are_initialised_and_started_first)
{
    uint64_t from = log_end();

    if (!load_good(t, "actor", NULL))
        return;
    log_check(t, from, TEXTS(INITS, STARTS));
    CHECK(t, ((uint64_t(*)(void))function_named("actor_sum"))() == ACTOR_SUM,
          "calls between them");
    from = log_end();
    unload_good(t, ACTOR_AND_ALL);
    log_check(t, from, TEXTS("actor stop", STOPS_OF_PROVIDERS));
}

static void find_owner(const char *kind, char *owner)
{
    struct kind_info info;

    for (unsigned i = 0; kind_get(i, &info); i++) {
        if (strcmp(info.name, kind) == 0)
            string_copy(owner, CELL_NAME_ROOM, info.owner);
    }
}

TEST(load, kind_made_in_the_last_call_of_init_belongs_to_the_cell)
{
    char owner[CELL_NAME_ROOM] = "nobody";
    struct figures before;

    figures_take(&before);
    for (unsigned round = 0; round < 2; round++) {
        if (!load_good(t, "jumper", NULL))
            return;
        find_owner("thing of jumper", owner);
        CHECK(t, strcmp(owner, "jumper") == 0, "it belongs to %s", owner);
        unload_good(t, "jumper");
    }
    figures_check(t, &before, "after all");
}

TEST(load, init_that_fails_undoes_the_load)
{
    load_planned(t, INIT_FAILS, ERR_INIT, "actor: its init() failed: device error", TEXTS(INITS));
}

TEST(load, init_that_faults_undoes_the_load)
{
    load_planned(t, INIT_FAULTS, ERR_FAULT, "actor: its init() failed: faulted",
                 TEXTS(INITS, "fault: store page fault at 0x8", "(actor:"));
}

TEST(load, init_that_calls_another_cell_is_told_so)
{
    load_planned(t, INIT_CALLS, ERR_FAULT, "actor: its init() failed: faulted",
                 TEXTS(INITS, "fault: ", ": actor:actor_init+0x", " called another cell in init()"));
}

TEST(load, objects_of_an_init_that_fails_are_freed)
{
    load_planned(t, INIT_OBJECTS | INIT_FAILS, ERR_INIT, "actor: its init() failed", TEXTS(INITS));
    load_planned(t, INIT_OBJECTS | INIT_FAULTS, ERR_FAULT, "actor: its init() failed", TEXTS(INITS));
}

TEST(load, start_that_fails_stops_the_providers_in_reverse)
{
    load_planned(t, START_FAILS, ERR_INIT, "actor: its start() failed: device error",
                 TEXTS(INITS, STARTS, STOPS_OF_PROVIDERS));
}

TEST(load, start_that_faults_stops_the_providers_in_reverse)
{
    load_planned(t, INIT_OBJECTS | START_FAULTS, ERR_FAULT, "actor: its start() failed: faulted",
                 TEXTS(INITS, STARTS, "fault: store page fault at 0x8", STOPS_OF_PROVIDERS));
}

TEST(load, start_that_fails_leaves_cells_alone_that_were_there)
{
    uint64_t from;
    struct image image;

    if (!load_good(t, "dep_c", NULL) || !image_copy(t, &image, "actor", 0))
        return;
    from = log_end();
    image_plan(&image, START_FAILS);
    load_bad(t, "actor", &image, ERR_INIT, TEXTS("actor: its start() failed"));
    log_check(t, from, TEXTS("dep_b init", "dep_a init", "actor init", "dep_b start", "dep_a start",
                             "actor start", "dep_a stop", "dep_b stop"));
    CHECK(t, ((uint64_t(*)(uint64_t))function_named("dep_c"))(0) == 345, "it does not work");
    image_free(&image);
    unload_good(t, "dep_c dep_d dep_e");
}

TEST(load, load_within_a_load_is_refused)
{
    load_planned(t, START_LOADS, ERR_INIT, "actor: its start() failed: in use", TEXTS(INITS, STARTS));
}

TEST(load, failed_load_can_be_repeated)
{
    load_planned(t, START_FAILS, ERR_INIT, "actor: its start() failed", TEXTS(INITS));
    load_planned(t, INIT_FAILS, ERR_INIT, "actor: its init() failed", TEXTS(INITS));
    if (load_good(t, "actor", NULL))
        unload_good(t, ACTOR_AND_ALL);
}
