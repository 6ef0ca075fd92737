/* Versions that cannot take the state or the objects: nothing has changed, and what stands in the way has a name. */
#include "versions.h"

static void refuse(struct test_run *t, const char *file, const char *const *texts) REQUIRES(may_park);
static void refuse(struct test_run *t, const char *file, const char *const *texts)
{
    const struct wanted wanted = {.file = file};
    struct swap_report report;
    struct crop crop;

    if (notes_begin(t) && crop_make(t, &crop, 100))
        version_refuse(t, "notes", &wanted, ERR_UNSUPPORTED, texts, &report);
    crop_check(t, &crop);
    crop_drop(&crop);
}

TEST(evolve, state_without_a_way_is_refused_by_its_member)
{
    refuse(t, "wider_note_only/notes.cell",
           TEXTS("no MIGRATE leads from notes 1.0 to 2.0", "state: struct notes_state: member hits: uint32_t -> uint64_t"));
}

TEST(evolve, kind_without_a_way_is_refused_by_its_member)
{
    refuse(t, "wider_state_only/notes.cell",
           TEXTS("no MIGRATE leads from notes 1.0 to 2.0", "kind note: struct note: member value: uint32_t -> uint64_t"));
}

TEST(evolve, object_that_outgrows_its_room_is_refused)
{
    refuse(t, "not_split/notes.cell", TEXTS("objects of kind note have 200 bytes in notes 3.0", "room for 24"));
}

TEST(evolve, buffers_do_not_become_objects)
{
    refuse(t, "one_size/notes.cell", TEXTS("kind scrap is one of objects of one size in notes 5.0"));
}

TEST(evolve, state_that_outgrows_its_block_is_refused)
{
    refuse(t, "large/notes.cell", TEXTS("notes: its state has 50", "room for 4096"));
}

TEST(evolve, objects_that_the_next_version_does_not_know_are_counted)
{
    if (!notes_begin(t) || !CHECK(t, notes_odd(true), "no memory"))
        return;
    refuse(t, "forgetful/notes.cell", TEXTS("1 objects of kind odd live, which notes 4.0 does not know"));
    notes_odd(false);
}

TEST(evolve, way_back_that_there_is_not_is_refused)
{
    const struct wanted first = {.file = "notes.cell"};
    struct swap_report report;

    if (!notes_begin(t) || !version_take(t, "notes", "wider_one_way/notes.cell"))
        return;
    version_refuse(t, "notes", &first, ERR_UNSUPPORTED, TEXTS("no MIGRATE leads from notes 2.0 to 1.0", "member hits"),
                   &report);
    version_take(t, "notes", "wider/notes.cell");
    notes_begin(t);
}
