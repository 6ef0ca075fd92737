/* Loads that do not fit in memory. */
#include "figures.h"
#include "image.h"
#include "nucleus/heap.h"
#include "nucleus/memory_records.h"
#include "nucleus/string.h"
#include "task.h"
#include "text.h"
#include "vm.h"

/* Memory that is taken away: blocks, each with the place of the next in it. */
struct hoard {
    struct hoarded {
        struct hoarded *next;
    } * first;
    unsigned blocks;
};

static bool hoard_take(struct hoard *hoard, unsigned order)
{
    OWN(frames) block = {0};
    struct hoarded *taken;

    if (!frames_alloc(&block, order, FRAME_OTHER))
        return false;
    taken = frames_leak(&block);
    taken->next = hoard->first;
    hoard->first = taken;
    hoard->blocks++;
    return true;
}

/* Gives the block back that was taken last. */
static bool hoard_give(struct hoard *hoard)
{
    struct hoarded *given = hoard->first;
    OWN(frames) block = {0};

    if (!given)
        return false;
    hoard->first = given->next;
    hoard->blocks--;
    frames_adopt(&block, given);
    frames_drop(&block);
    return true;
}

static void drain_all(void)
{
    task_drain();
    heap_drain();
    vm_drain();
    frame_drain();
}

/* Takes all memory: first up to @p singles frames one by one, then the rest. */
static void take_all(struct hoard *singles, unsigned count, struct hoard *rest)
{
    drain_all();
    while (singles->blocks < count && hoard_take(singles, 0))
        continue;
    for (unsigned order = FRAME_MAX_ORDER + 1; order-- > 0;) {
        while (hoard_take(rest, order))
            continue;
    }
}

#define KINDS 64u
#define LINKING_BYTES 2048u

/* The free slots of the slabs that there are: without them every object needs a frame. */
struct slots {
    struct kind *kinds[KINDS];
    struct kind *loader;
    void *linking; /* what linking_room() took */
    struct hoarded *first[KINDS];
    unsigned count;
    bool too_many;
};

static bool note_kind(const struct kind *kind, void *argument)
{
    struct slots *slots = argument;

    slots->too_many = slots->count == KINDS;
    if (!slots->too_many)
        slots->kinds[slots->count++] = (struct kind *)(uint64_t)kind;
    return !slots->too_many;
}

/* Takes a buffer of the size in which "actor" is linked. Its slab has room for that, too, so that a load gets as
 * far as the state: slots_take() leaves this size alone. */
static void linking_room(struct slots *slots)
{
    kinds_visit(note_kind, slots);
    for (unsigned i = 0; i < slots->count; i++) {
        if (strcmp(slots->kinds[i]->name, "loader buffer") == 0)
            slots->loader = slots->kinds[i];
    }
    slots->linking = slots->loader ? heap_alloc_bytes(slots->loader, LINKING_BYTES) : NULL;
}

/* When no frame is left. */
static void slots_take(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        struct kind *kind = slots->kinds[i];
        size_t bytes = kind->object_bytes ?: 16;

        while (bytes >= sizeof(struct hoarded) && bytes <= 16384) {
            struct hoarded *taken =
                kind->object_bytes ? heap_alloc(kind) : heap_alloc_bytes(kind, bytes);

            if (taken) {
                taken->next = slots->first[i];
                slots->first[i] = taken;
            } else if (kind->object_bytes) {
                break;
            } else {
                bytes += bytes < 4096 ? bytes / 2 : 1024; /* visits every size of slot but LINKING_BYTES */
            }
        }
    }
}

static void slots_give(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++) {
        while (slots->first[i]) {
            struct hoarded *given = slots->first[i];

            slots->first[i] = given->next;
            heap_free(slots->kinds[i], given);
        }
    }
    heap_free(slots->loader, slots->linking);
}

/* Steps of a load that always need a frame of their own, as they explain a refusal. */
static const char *const steps[] = {"no memory for it", "its tables", "state", "its init()"};
#define STEPS (sizeof steps / sizeof steps[0])

/* One more frame is there at each try, so one step after another is refused. */
TEST(load, any_lack_of_memory_changes_nothing)
{
    struct hoard singles = {0}, rest = {0};
    struct slots slots;
    unsigned seen[STEPS] = {0};
    struct why why;
    enum status status = ERR_NOMEM;
    struct figures before, empty;
    unsigned refused = 0;

    memset(&slots, 0, sizeof slots);
    memset(&why, 0, sizeof why);
    figures_take(&before);
    linking_room(&slots);
    CHECK(t, slots.linking, "no buffer of the loader");
    take_all(&singles, 200, &rest);
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
    take_all(&singles, 400, &rest);
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
