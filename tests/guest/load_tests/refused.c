/* What cannot be loaded: the explanation names the chain, and nothing is left. */
#include "figures.h"
#include "image.h"
#include "nucleus/format.h"
#include "nucleus/string.h"
#include "text.h"

#define ELF_MACHINE 18u

TEST(load, unknown_cell_is_refused)
{
    load_bad(t, "nosuch", NULL, ERR_NOT_FOUND, TEXTS("there is no nosuch.cell in the boot archive"));
    load_bad(t, "", NULL, ERR_NOT_FOUND, TEXTS("there is no "));
    load_bad(t, "a_name_that_is_longer_than_any_cell_may_have", NULL, ERR_NOT_FOUND,
             TEXTS("there is no a_name_that_is"));
}

TEST(load, missing_function_is_named_with_the_chain)
{
    load_bad(t, "deep_c", NULL, ERR_LINK,
             TEXTS("deep_c: needs provided_by_nobody(), which no loaded or archived cell provides"));
    load_bad(t, "deep_a", NULL, ERR_LINK,
             TEXTS("deep_a: deep_b: deep_c: needs provided_by_nobody()"));
}

/* A file of the archive, where it lies: broken while a test runs. */
static uint8_t *archived(const char *file)
{
    const char *name;
    const void *bytes;
    size_t length;

    for (unsigned i = 0; archive_get(NULL, i, &name, &bytes, &length); i++) {
        if (strcmp(name, file) == 0)
            return (uint8_t *)(uintptr_t)bytes;
    }
    return NULL;
}

TEST(load, broken_dependency_is_named_with_the_chain)
{
    static const char *const files[] = {"dep_c.cell", "dep_e.cell"};
    static const char *const chains[] = {"dep_a: dep_b: dep_c: ELF header",
                                         "dep_a: dep_b: dep_c: dep_d: dep_e: ELF header"};

    for (unsigned i = 0; i < 2; i++) {
        uint8_t *object = archived(files[i]);

        if (!CHECK(t, object, "%s is not in the archive", files[i]))
            return;
        object[ELF_MACHINE]++;
        load_bad(t, "dep_a", NULL, ERR_UNSUPPORTED, TEXTS(chains[i], "not RISC-V"));
        object[ELF_MACHINE]--;
    }
    if (load_good(t, "dep_a", NULL))
        unload_good(t, "dep_a dep_b dep_c dep_d dep_e");
}

TEST(load, object_cut_short_is_refused)
{
    struct figures before;
    struct image image;
    size_t whole;

    if (!image_copy(t, &image, "actor", 0))
        return;
    whole = image.length;
    figures_take(&before);
    for (unsigned i = 0; i < 100; i++) {
        struct why why = {.text = ""};
        enum status status;

        image.length = whole * i / 100;
        status = cell_load_image("actor", image.bytes, image.length, &why);
        CHECK(t, status == ERR_FORMAT && string_starts(why.text, "actor: "),
              "the first %lu of %lu bytes: %s: %s", image.length, whole, status_name(status),
              why.text);
    }
    figures_check(t, &before, "cut objects");
    image_free(&image);
}

/* The object has checks of its own on the host (tests/host/test_elf.c); here, what the loader leaves. Most
 * bytes of an object are text, which no check can judge: so only its tables are changed. */
TEST(load, object_with_a_wrong_byte_is_refused_or_loads)
{
    uint64_t *size, *offset;
    struct figures before;
    struct image image;
    unsigned refused = 0;

    if (!image_copy(t, &image, "actor", 0))
        return;
    size = image_section_field(&image, ".symtab", SECTION_SIZE);
    offset = image_section_field(&image, ".symtab", SECTION_OFFSET);
    if (!CHECK(t, size && offset, "no symbol table"))
        return;
    figures_take(&before);
    for (uint64_t i = 0; i < *size; i += 11) {
        struct why why = {.text = ""};
        uint8_t *byte = image.bytes + *offset + i, was = *byte;
        enum status status;

        *byte = (uint8_t)~was;
        status = cell_load_image("actor", image.bytes, image.length, &why);
        *byte = was;
        refused += status != OK;
        if (status == OK)
            unload_good(t, ACTOR_AND_ALL);
        else
            CHECK(t, why.text[0], "byte %lu: %s, without a word", i, status_name(status));
    }
    CHECK(t, refused > 50, "only %u of %lu were refused", refused, *size / 11);
    figures_check(t, &before, "objects with a wrong byte");
    image_free(&image);
}

TEST(load, object_at_any_address_is_loaded)
{
    struct figures before;
    struct image image;

    if (!image_copy(t, &image, "dep_e", 8))
        return;
    figures_take(&before);
    for (unsigned i = 0; i < 8; i++) {
        struct image moved = {.bytes = image.bytes + i, .length = image.length - 8};

        if (i)
            memmove(moved.bytes, moved.bytes - 1, moved.length);
        if (load_good(t, "dep_e", &moved))
            unload_good(t, "dep_e");
    }
    figures_check(t, &before, "objects at odd addresses");
    image_free(&image);
}

TEST(load, manifest_of_another_name_is_refused)
{
    struct image image;

    if (!image_copy(t, &image, "dep_e", 0))
        return;
    load_bad(t, "other", &image, ERR_FORMAT,
             TEXTS("other: its manifest says that it is cell dep_e"));
    load_bad(t, "a_name_that_is_longer_than_any_cell_may_have", &image, ERR_FORMAT,
             TEXTS("its manifest says that it is cell dep_e"));
    image_free(&image);
}

TEST(load, second_export_of_a_function_is_refused)
{
    struct image image;

    if (!image_copy(t, &image, "hello", 0))
        return;
    load_bad(t, "other", &image, ERR_EXISTS,
             TEXTS("other: exports hello_add(), which hello provides already"));
    image_free(&image);
}

TEST(load, second_export_of_a_function_by_one_object_is_refused)
{
    static const char name[] = "dep_e_pointers";
    struct image image;

    if (!image_copy(t, &image, "dep_e", 0))
        return;
    for (size_t i = 0; i + sizeof name <= image.length; i++) {
        if (memcmp(image.bytes + i, name, sizeof name) == 0)
            image.bytes[i + strlen("dep_e")] = '\0';
    }
    load_bad(t, "dep_e", &image, ERR_EXISTS,
             TEXTS("dep_e: exports dep_e(), which dep_e provides already"));
    image_free(&image);
}

TEST(load, loaded_cell_is_not_loaded_again)
{
    load_bad(t, "hello", NULL, ERR_EXISTS, TEXTS("hello is loaded already"));
}

TEST(load, second_provider_of_an_interface_is_refused)
{
    const char *bound = is_loaded("sched_rr") ? "sched_rr" : "sched_mlfq";
    const char *other = is_loaded("sched_rr") ? "sched_mlfq" : "sched_rr";

    load_bad(t, other, NULL, ERR_EXISTS, TEXTS(other, "exports sched_", bound));
}

/* Loaded for good: neither of them can go, as each is used by the other. */
TEST(load, cells_that_need_each_other_are_loaded_together)
{
    struct image image;

    if (is_loaded("ring_a")) {
        test_skip(t, "it ran before, and the two cells stay");
        return;
    }
    if (!image_copy(t, &image, "ring_b", 0))
        return;
    load_bad(t, "other", &image, ERR_FORMAT, TEXTS("other: its manifest says"));
    image_free(&image);
    if (!load_good(t, "ring_b", NULL))
        return;
    CHECK(t, is_loaded("ring_a"), "without ring_a");
    CHECK(t, ((uint64_t(*)(uint64_t))function_named("ring_a"))(101) == 0, "101 is even");
    CHECK(t, ((uint64_t(*)(uint64_t))function_named("ring_b"))(101) == 1, "101 is not odd");
    unload_bad(t, "ring_a", ERR_BUSY, TEXTS("ring_a", "is used by ring_b"));
    unload_bad(t, "ring_b", ERR_BUSY, TEXTS("ring_b", "is used by ring_a"));
}
