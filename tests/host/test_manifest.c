/*
 * The manifest: what a good one says, and what is refused. Argument: an object of elf_cells/.
 */
#define _GNU_SOURCE /* memmem */
#include "elf_victim.h"

#include "cell.h"

/* The object's only copy of a string constant. */
static char *text(struct victim *v, const char *wanted)
{
    struct elf_section *section = victim_section(v, ".rodata.str1.8");
    char *found = memmem(v->object.bytes + section->offset, section->size, wanted, strlen(wanted));

    assert_non_null(found);
    return found;
}

/* The relocation of one member of the manifest. */
static struct elf_relocation *member(struct victim *v, size_t offset)
{
    struct elf_relocation *entry = victim_relocation(v, ".cell.manifest", R_RISCV_64, ANY);

    while (entry->offset != offset)
        entry++;
    return entry;
}

#define MEMBER(v, name) member(v, offsetof(struct cell_manifest, name))

NOT_BAD(nothing, (void)v)
NOT_OURS(abi_version, "built for version 2 of the cell ABI, this is 1",
         victim_bytes(v, ".cell.manifest")[0] = 2)
BAD(manifest_cut, "no manifest, or more than one", victim_section(v, ".cell.manifest")->size -= 8;
    victim_symbol(v, "cell_manifest_")->size -= 8)
BAD(no_name, "the name is not of the form", MEMBER(v, name)->type = R_RISCV_NONE)
BAD(name_empty, "the name is not of the form", *text(v, "shapes") = '\0')
BAD(name_upper_case, "the name is not of the form", *text(v, "shapes") = 'S')
BAD(name_starts_with_digit, "the name is not of the form", *text(v, "shapes") = '4')
BAD(name_with_dash, "the name is not of the form", text(v, "shapes")[1] = '-')
NOT_BAD(name_with_digit, text(v, "shapes")[1] = '8')
BAD(name_in_text, "the name is not of the form", MEMBER(v, name)->symbol = MEMBER(v, init)->symbol)
BAD(name_outside, "the name is not of the form", MEMBER(v, name)->addend = 1 << 20)
BAD(name_in_state, "the name is not of the form",
    v->symbols[MEMBER(v, name)->symbol].shndx = (uint16_t)victim_section_index(v, ".cell.state");
    v->symbols[MEMBER(v, name)->symbol].value = 0)
BAD(no_version, "no version of", MEMBER(v, version)->type = R_RISCV_NONE)
BAD(version_too_long, "no version of", MEMBER(v, version)->symbol = MEMBER(v, summary)->symbol)
BAD(version_unterminated, "no version of",
    struct elf_section *home = victim_section(v, ".rodata.str1.8");
    v->object.bytes[home->offset + home->size - 1] = 'x';
    v->symbols[MEMBER(v, version)->symbol].value = home->size - 1)
BAD(summary_with_control, "no summary of", text(v, "All that")[3] = '\n')
BAD(summary_with_delete, "no summary of", text(v, "All that")[3] = 0x7f)
NOT_BAD(summary_beyond_ascii, text(v, "All that")[0] = '\xc3')
BAD(provides_upper_case, "provides is no list", text(v, "shape other_2")[7] = 'O')
NOT_BAD(provides_spaces, memcpy(text(v, "shape other_2"), " shape  one ", 13))
NOT_BAD(provides_null, MEMBER(v, provides)->type = R_RISCV_NONE)
NOT_BAD(provides_empty, *text(v, "shape other_2") = '\0')
BAD(init_inside_function, "is no function of this cell", MEMBER(v, init)->addend = 2)
BAD(init_in_data, "is no function of this cell", MEMBER(v, init)->symbol = MEMBER(v, name)->symbol)
BAD(stop_of_others, "is no function of this cell",
    MEMBER(v, stop)->symbol = (uint32_t)(victim_symbol(v, "shape_import") - v->symbols))
NOT_BAD(no_functions, MEMBER(v, stop)->type = R_RISCV_NONE; MEMBER(v, init)->type = R_RISCV_NONE)

static void says_what_the_source_says(void **state)
{
    struct victim victim;
    struct linked linked;

    (void)state;
    victim_open(&victim);
    assert_int_equal(linked_run(&linked, &victim.object, &victim.layout, NULL), OK);
    assert_string_equal(linked.manifest.name, "shapes");
    assert_string_equal(linked.manifest.version, "1.2");
    assert_string_equal(linked.manifest.summary, "All that is relocated.");
    assert_string_equal(linked.manifest.provides, "shape other_2");
    assert_int_equal(linked.manifest.init,
                     victim.layout.text + victim_symbol(&victim, "init")->value);
    assert_int_equal(linked.manifest.stop,
                     victim.layout.text + victim_symbol(&victim, "stop")->value);
    assert_int_equal(linked.manifest.start, 0);
    assert_int_equal(linked.manifest.check, 0);
    linked_free(&linked);
    victim_close(&victim);
}

static void missing_is_refused(void **state)
{
    struct victim victim;
    struct linked linked;
    struct manifest manifest;
    struct why why;

    (void)state;
    victim_open(&victim);
    assert_int_equal(linked_run(&linked, &victim.object, &victim.layout, NULL), OK);
    linked.image.manifest = 0;
    assert_int_equal(manifest_read(&manifest, &linked.image, linked.sections, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "no manifest"));
    linked_free(&linked);
    victim_close(&victim);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_source_says),
        cmocka_unit_test(missing_is_refused),
    };

    if (argc != 2)
        return 2;
    victim_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL) + damages_run("damaged manifests");
}
