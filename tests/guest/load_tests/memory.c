/* Loads that do not fit in memory. */
#include "figures.h"
#include "hoard.h"
#include "image.h"
#include "nucleus/heap.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"
#include "vm.h"

#define LINKING_BYTES 2048u

/* Takes a buffer of the size in which "actor" is linked. Its slab has room for that, too, so that a load gets as
 * far as the state: slots_take() leaves this size alone. @return its kind, or NULL. */
static struct kind *linking_room(struct slots *slots, void **linking)
{
    struct kind *loader = NULL;

    slots_note(slots);
    for (unsigned i = 0; i < slots->count; i++) {
        if (strcmp(slots->kinds[i]->name, "loader buffer") == 0)
            loader = slots->kinds[i];
    }
    *linking = loader ? heap_alloc_bytes(loader, LINKING_BYTES) : NULL;
    return loader;
}

/* Steps of a load that always need a frame of their own, as they explain a refusal. */
static const char *const steps[] = {"no memory for it", "its tables", "state", "its init()"};
#define STEPS (sizeof steps / sizeof steps[0])

/* One more frame is there at each try, so one step after another is refused. */
TEST(load, any_lack_of_memory_changes_nothing)
{
    struct hoard singles = {0}, rest = {0};
    struct slots slots;
    struct kind *loader;
    void *linking;
    unsigned seen[STEPS] = {0};
    struct why why;
    enum status status = ERR_NOMEM;
    struct figures before, empty;
    unsigned refused = 0;

    memset(&why, 0, sizeof why);
    figures_take(&before);
    loader = linking_room(&slots, &linking);
    CHECK(t, linking, "no buffer of the loader");
    hoard_take_all(&singles, 200, &rest);
    slots_take(&slots);
    CHECK(t, !slots.too_many, "more than %u kinds", KINDS);
    while (status != OK && singles.blocks) {
        figures_take(&empty);
        status = cell_load("actor", &why);
        if (status == OK)
            unload_good(t, ACTOR_AND_ALL);
        else
            CHECK(t, (status == ERR_NOMEM || status == ERR_INIT) && strstr(why.text, "memory"),
                  "%s: %s", status_name(status), why.text);
        for (unsigned i = 0; i < STEPS && status != OK; i++)
            seen[i] += strstr(why.text, steps[i]) != NULL;
        refused += status != OK;
        figures_check(t, &empty, "after a load without memory");
        hoard_give(&singles);
    }
    slots_give(&slots);
    heap_free(loader, linking);
    while (hoard_give(&singles) || hoard_give(&rest))
        continue;
    CHECK(t, status == OK, "%s with 200 frames: %s", status_name(status), why.text);
    for (unsigned i = 0; i < STEPS; i++)
        CHECK(t, seen[i], "no load was refused with: %s", steps[i]);
    CHECK(t, refused >= 10, "refused only %u times", refused);
    figures_check(t, &before, "after all");
}

TEST(load, state_that_does_not_fit_is_refused)
{
    struct hoard singles = {0}, rest = {0};
    struct image image;
    uint64_t *size;

    if (!image_copy(t, &image, "actor", 0))
        return;
    size = image_section_field(&image, ".cell.state", SECTION_SIZE);
    if (!CHECK(t, size, "no section of that name"))
        return;
    *(uint32_t *)image_section_field(&image, ".cell.state", SECTION_TYPE) = NOBITS;
    *size = 1ul << 40;
    load_bad(t, "actor", &image, ERR_FORMAT, TEXTS("actor: ", ".cell.state", "too large"));
    *size = 3ul << 20; /* good, as long as there is memory */
    hoard_take_all(&singles, 400, &rest);
    while (hoard_give(&singles))
        continue;
    load_bad(t, "actor", &image, ERR_NOMEM, TEXTS("actor: no memory for 3145728 bytes of state"));
    while (hoard_give(&rest))
        continue;
    if (load_good(t, "actor", &image))
        unload_good(t, ACTOR_AND_ALL);
    image_free(&image);
}

/* Makes an object's text @p bytes long: moves it to the end of the object, where room must be. */
static bool widen_text(struct image *image, size_t whole, uint64_t bytes)
{
    uint64_t *offset = image_section_field(image, ".text", SECTION_OFFSET);
    uint64_t *size = image_section_field(image, ".text", SECTION_SIZE);
    uint64_t target = align_up(whole, 8);

    if (!offset || !size || target + bytes > image->length)
        return false;
    memcpy(image->bytes + target, image->bytes + *offset, *size);
    *offset = target;
    *size = bytes;
    return true;
}

TEST(load, text_that_does_not_fit_is_refused)
{
    struct image image;

    if (!image_copy(t, &image, "dep_e", 3ul << 20))
        return;
    if (CHECK(t, widen_text(&image, image.length - (3ul << 20), 2500000), "no text"))
        load_bad(t, "dep_e", &image, ERR_NOMEM,
                 TEXTS("dep_e: no room in memory for 2500000 bytes of text"));
    image_free(&image);
}

/* Text that no arena of today has room for: a new one is made, and kept for the next load. */
TEST(load, large_text_gets_an_arena)
{
    const size_t bytes = 1900000;
    struct frame_stats before, after;
    struct image image;

    if (!image_copy(t, &image, "dep_e", bytes + 8))
        return;
    if (!CHECK(t, widen_text(&image, image.length - bytes - 8, bytes), "no text"))
        return;
    for (unsigned round = 0; round < 3; round++) {
        frame_stats(&before);
        if (!load_good(t, "dep_e", &image))
            break;
        CHECK(t, ((uint64_t(*)(uint64_t))function_named("dep_e"))(1) == 15, "wrong");
        unload_good(t, "dep_e");
        frame_stats(&after);
        if (round)
            CHECK(t, after.used[FRAME_TEXT] == before.used[FRAME_TEXT],
                  "%lu frames of text, were %lu", after.used[FRAME_TEXT], before.used[FRAME_TEXT]);
    }
    image_free(&image);
}
