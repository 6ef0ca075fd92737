/*
 * The linker: what it refuses, what it binds to stubs, and every field's reach to the byte. That good
 * objects come out right is shown by test_link_oracle.c. Argument: an object of elf_cells/.
 */
#include "elf_victim.h"

#include "nucleus/address.h"

/* The relocation that the damage is done to: in text unless said otherwise. */
static struct elf_relocation *text(struct victim *v, uint32_t type, enum victim_kind kind)
{
    return victim_relocation(v, ".text", type, kind);
}

static struct elf_relocation *rodata(struct victim *v, uint32_t type, enum victim_kind kind)
{
    return victim_relocation(v, ".rodata", type, kind);
}

static uint32_t index_of(struct victim *v, const struct elf_symbol *symbol)
{
    return (uint32_t)(symbol - v->symbols);
}

/* Some label within text. */
static uint32_t label(struct victim *v)
{
    return text(v, R_RISCV_BRANCH, LABEL)->symbol;
}

NOT_BAD(nothing, (void)v)

/* Types. */
NOT_OURS(hi20, "R_RISCV_HI20 (26) against", text(v, R_RISCV_PCREL_HI20, ANY)->type = 26)
NOT_OURS(lo12, "R_RISCV_LO12_I (27) against", text(v, R_RISCV_PCREL_HI20, ANY)->type = 27)
NOT_OURS(align, "R_RISCV_ALIGN (43) against", text(v, R_RISCV_JAL, ANY)->type = 43)
NOT_OURS(got, "R_RISCV_GOT_HI20 (20) against", text(v, R_RISCV_PCREL_HI20, ANY)->type = 20)
NOT_OURS(tls, "R_RISCV_TPREL_HI20 (29) against", text(v, R_RISCV_PCREL_HI20, ANY)->type = 29)
NOT_OURS(uleb, "R_RISCV_SET_ULEB128 (60) against", rodata(v, R_RISCV_64, ANY)->type = 60)
NOT_OURS(word32, "R_RISCV_32 (1) against", rodata(v, R_RISCV_64, ANY)->type = 1)
NOT_OURS(nameless, "R_RISCV_unknown (14) against", rodata(v, R_RISCV_64, ANY)->type = 14)
NOT_OURS(last, "R_RISCV_unknown (66) against", rodata(v, R_RISCV_64, ANY)->type = 66)
NOT_OURS(huge, "R_RISCV_unknown (4294967295)", rodata(v, R_RISCV_64, ANY)->type = UINT32_MAX)
NOT_BAD(ignored, text(v, R_RISCV_JAL, ANY)->type = R_RISCV_RELAX;
        rodata(v, R_RISCV_64, ANY)->type = R_RISCV_NONE)

/* Places. */
BAD(ignored_outside, "the field crosses the section's end",
    rodata(v, R_RISCV_64, ANY)->offset = UINT64_MAX;
    victim_relocation(v, ".rodata", R_RISCV_64, ANY)->type = R_RISCV_NONE)
BAD(field_crosses_end, "the field crosses the section's end",
    rodata(v, R_RISCV_64, ANY)->offset = victim_section(v, ".rodata")->size - 7)
BAD(call_crosses_end, "the field crosses the section's end",
    victim_relocation(v, ".text.unlikely", R_RISCV_CALL_PLT, ANY)[1].offset =
        victim_section(v, ".text.unlikely")->size - 6)
BAD(data_in_text, "data within text, or an instruction within data",
    text(v, R_RISCV_JAL, LABEL)->type = R_RISCV_64)
BAD(instruction_in_data, "data within text, or an instruction within data",
    rodata(v, R_RISCV_64, LABEL)->type = R_RISCV_JAL)
BAD(odd_offset, "at an odd offset, or not sorted", text(v, R_RISCV_JAL, LABEL)->offset++)
BAD(call_on_other, "no auipc and jalr", text(v, R_RISCV_JAL, LABEL)->type = R_RISCV_CALL_PLT)
BAD(hi20_on_other, "another instruction", text(v, R_RISCV_JAL, LABEL)->type = R_RISCV_PCREL_HI20)
BAD(branch_on_other, "another instruction", text(v, R_RISCV_JAL, LABEL)->type = R_RISCV_BRANCH)
BAD(jal_on_other, "another instruction", text(v, R_RISCV_BRANCH, LABEL)->type = R_RISCV_JAL)
BAD(rvc_branch_on_other, "another instruction",
    text(v, R_RISCV_RVC_JUMP, LABEL)->type = R_RISCV_RVC_BRANCH)
BAD(rvc_jump_on_other, "another instruction", text(v, R_RISCV_JAL, LABEL)->type = R_RISCV_RVC_JUMP)
BAD(lo12_on_half, "another instruction",
    victim_bytes(v, ".text")[text(v, R_RISCV_PCREL_LO12_I, ANY)->offset] &= 0xfc)

/* Symbols. */
BAD(no_symbol, "no symbol", rodata(v, R_RISCV_64, ANY)->symbol = 0)
BAD(not_loaded, "its section is not loaded",
    v->symbols[rodata(v, R_RISCV_64, LABEL)->symbol].shndx = (uint16_t)
        victim_section_index(v, ".comment"))
BAD(absolute, "its section is not loaded",
    v->symbols[rodata(v, R_RISCV_64, LABEL)->symbol].value = 0;
    v->symbols[rodata(v, R_RISCV_64, LABEL)->symbol].shndx = SHN_ABS)
BAD(into_own_function, "points into a function", rodata(v, R_RISCV_64, FUNCTION)->addend = 4)
BAD(into_import, "points into a function", rodata(v, R_RISCV_64, IMPORT)->addend = 8)
BAD(call_into_import, "points into a function", text(v, R_RISCV_CALL_PLT, IMPORT)->addend = 4)
BAD(hi20_into_function, "points into a function",
    text(v, R_RISCV_PCREL_HI20, FUNCTION)->addend = -2)
BAD(jump_to_import, "only calls and addresses may refer",
    text(v, R_RISCV_JAL, LABEL)->symbol = index_of(v, victim_symbol(v, "shape_import")))
BAD(difference_of_import, "a function's address may not be relative",
    rodata(v, 35, ANY)->symbol = index_of(v, victim_symbol(v, "shape_import")))
BAD(relative_function, "a function's address may not be relative",
    rodata(v, 35, ANY)->symbol = index_of(v, victim_symbol(v, "twice")))
BAD(section_address, "text is addressed by section",
    v->symbols[rodata(v, R_RISCV_64, LABEL)->symbol].info = STT_SECTION;
    v->symbols[rodata(v, R_RISCV_64, ANY)->symbol].info = STT_SECTION;
    v->symbols[label(v)].info = STT_SECTION; rodata(v, R_RISCV_64, ANY)->symbol = label(v))

/* LO12 and its HI20. */
BAD(lo12_without_hi20, "no R_RISCV_PCREL_HI20 at its label",
    text(v, R_RISCV_PCREL_HI20, LABEL)->type = R_RISCV_NONE)
BAD(lo12_label_elsewhere, "no R_RISCV_PCREL_HI20 at its label",
    v->symbols[text(v, R_RISCV_PCREL_LO12_I, ANY)->symbol].value += 2)
BAD(lo12_label_in_data, "no label of an auipc in this section",
    v->symbols[text(v, R_RISCV_PCREL_LO12_I, ANY)->symbol].shndx = (uint16_t)
        victim_section_index(v, ".rodata");
    v->symbols[text(v, R_RISCV_PCREL_LO12_I, ANY)->symbol].value = 0)
BAD(lo12_addend, "no label of an auipc in this section",
    text(v, R_RISCV_PCREL_LO12_I, ANY)->addend = 4)

/*
 * Reach: the addend puts the target at exactly the distance wanted. Rows come in fours: the last distance
 * that fits, and the first that does not, on both sides.
 */
static void aim(struct victim *v, const char *section, uint32_t type, int64_t distance)
{
    struct elf_relocation *site = victim_relocation(v, section, type, ANY);
    uint64_t base[2];
    const char *const homes[2] = {section, ".text"};

    /* The label of the site's symbol is moved to the start of text: both addresses are known then. */
    site->symbol = label(v);
    for (unsigned i = 0; i < 2; i++)
        base[i] = strcmp(homes[i], ".text") == 0 ? v->layout.text : v->layout.rodata;
    v->symbols[site->symbol].value = 0;
    site->addend = distance + (int64_t)(base[0] + site->offset - base[1]);
}

#define REACH(name, type, low, high, step)                                                         \
    NOT_BAD(name##_lowest, aim(v, ".text", type, low))                                             \
    NOT_BAD(name##_highest, aim(v, ".text", type, high))                                           \
    OUT_OF_REACH(name##_too_low, "out of reach", aim(v, ".text", type, (low) - (step)))            \
    OUT_OF_REACH(name##_too_high, "out of reach", aim(v, ".text", type, (high) + (step)))          \
    OUT_OF_REACH(name##_odd, "odd", aim(v, ".text", type, 5))

REACH(branch, R_RISCV_BRANCH, -4096, 4094, 2)
REACH(jal, R_RISCV_JAL, -0x100000, 0xffffe, 2)
REACH(rvc_branch, R_RISCV_RVC_BRANCH, -256, 254, 2)
REACH(rvc_jump, R_RISCV_RVC_JUMP, -2048, 2046, 2)
REACH(call, R_RISCV_CALL_PLT, -0x80000800l, 0x7ffff7fel, 2)

NOT_BAD(hi20_lowest, aim(v, ".text", R_RISCV_PCREL_HI20, -0x80000800l))
NOT_BAD(hi20_highest, aim(v, ".text", R_RISCV_PCREL_HI20, 0x7ffff7ffl))
OUT_OF_REACH(hi20_too_low, "out of reach", aim(v, ".text", R_RISCV_PCREL_HI20, -0x80000801l))
OUT_OF_REACH(hi20_too_high, "out of reach", aim(v, ".text", R_RISCV_PCREL_HI20, 0x7ffff800l))

/* .rodata is the first of the read-only sections, so its address is the layout's. */
static void aim_32(struct victim *v, int64_t distance)
{
    rodata(v, 35, ANY)->type = R_RISCV_32_PCREL;
    aim(v, ".rodata", R_RISCV_32_PCREL, distance);
}
NOT_BAD(pcrel_lowest, aim_32(v, -0x80000000l))
NOT_BAD(pcrel_highest, aim_32(v, 0x7fffffffl))
OUT_OF_REACH(pcrel_too_low, "out of reach", aim_32(v, -0x80000001l))
OUT_OF_REACH(pcrel_too_high, "out of reach", aim_32(v, 0x80000000l))

/* Imports and stubs at the end of what calls reach. */
OUT_OF_REACH(imports_too_far, "out of reach", v->layout.imports = v->layout.text + 0x80000000)
OUT_OF_REACH(stubs_too_far, "out of reach", v->layout.stubs = v->layout.text - 0x80100000)

/* An address taken leads to a stub, in text and in data; a call, the manifest and the tables do not. */
static void addresses_are_stubs(void **state)
{
    struct victim victim;
    struct linked linked;
    struct why why = {""};
    const struct elf_relocation *site;
    uint64_t word;

    (void)state;
    victim_open(&victim);
    victim.layout.stubs = victim.layout.text + 0x100000;
    if (linked_run(&linked, &victim.object, &victim.layout, &why) != OK)
        fail_msg("%s", why.text);
    site = victim_relocation(&victim, ".rodata", R_RISCV_64, FUNCTION);
    memcpy(&word, linked.sections[victim_section_index(&victim, ".rodata")].staging + site->offset,
           sizeof word);
    assert_int_equal(word, victim.layout.stubs + victim.symbols[site->symbol].value);
    site = victim_relocation(&victim, ".cell.set.thing", R_RISCV_64, FUNCTION);
    memcpy(&word,
           linked.sections[victim_section_index(&victim, ".cell.set.thing")].staging + site->offset,
           sizeof word);
    assert_int_equal(word, victim.layout.stubs + victim.symbols[site->symbol].value);
    assert_int_equal(linked.manifest.init,
                     victim.layout.text + victim_symbol(&victim, "init")->value);
    linked_free(&linked);
    victim_close(&victim);
}

/* The loader allocates by what elf_open() counts, so link_apply() may not tell of more. */
static void sites_are_counted(void **state)
{
    struct object object = object_read(victim_path);
    struct linked linked;

    (void)state;
    assert_int_equal(linked_run(&linked, &object, &layout_near, NULL), OK);
    assert_true(linked.sites > 0);
    assert_true(linked.sites <= linked.image.site_count);
    assert_true(linked.resolved > linked.sites);
    linked_free(&linked);
    object_free(&object);
}

/* An LO12 of another HI20 than the last one looks for its own, which is no further site. */
static void sites_are_told_once(void **state)
{
    struct victim victim;
    struct linked linked;
    struct why why = {""};
    struct elf_relocation *high, *low;
    uint32_t hi_label;
    unsigned sites;

    (void)state;
    victim_open(&victim);
    assert_int_equal(linked_run(&linked, &victim.object, &victim.layout, &why), OK);
    sites = linked.sites;
    linked_free(&linked);
    high = text(&victim, R_RISCV_PCREL_HI20, IMPORT);
    low = high;
    while (low->type != R_RISCV_PCREL_LO12_I)
        low++;
    hi_label = low->symbol;
    assert_int_equal(victim.symbols[hi_label].value, high->offset);
    for (low = text(&victim, R_RISCV_PCREL_LO12_I, ANY); low < high; low++)
        if (low->type == R_RISCV_PCREL_LO12_I)
            low->symbol = hi_label;
    if (linked_run(&linked, &victim.object, &victim.layout, &why) != OK)
        fail_msg("%s", why.text);
    assert_int_equal(linked.sites, sites);
    linked_free(&linked);
    victim_close(&victim);
}

static enum status refuse_site(void *argument, uint32_t section,
                               const struct elf_relocation *relocation)
{
    (void)section;
    (void)relocation;
    return --*(int *)argument < 0 ? ERR_NOMEM : OK;
}

static enum status refuse_address(void *argument, uint32_t symbol, bool keep,
                                  uint64_t *address, struct why *why)
{
    (void)symbol;
    (void)keep;
    (void)why;
    *address = layout_near.imports;
    return --*(int *)argument < 0 ? ERR_NOMEM : OK;
}

/* Whatever a callback refuses comes out, from wherever it does so. */
static void callbacks_end_the_work(void **state)
{
    struct object object = object_read(victim_path);
    struct linked linked = {0};

    (void)state;
    assert_int_equal(elf_open(&linked.image, object.bytes, object.length, NULL), OK);
    assert_true(linked_place(&linked, &layout_near));
    for (int after = 0; after < 20; after++) {
        int left = after;
        struct link_context context = {&linked.image, linked.sections, refuse_address,
                                       NULL,          &left,           NULL};

        assert_int_equal(link_apply(&context), ERR_NOMEM);
        context.site = refuse_site;
        left = 2 * after;
        assert_int_equal(link_apply(&context), ERR_NOMEM);
    }
    linked_free(&linked);
    object_free(&object);
}

static void pair_is_patched_and_checked(void **state)
{
    /* auipc ra, 0; jalr ra, 0(ra) */
    const uint8_t fresh[8] = {0x97, 0, 0, 0, 0xe7, 0x80, 0, 0};
    const uint8_t expected[8] = {0x97, 0x10, 0, 0, 0xe7, 0x80, 0xe0, 0xff};
    uint64_t pair[1];
    uint8_t *bytes = (uint8_t *)pair;

    (void)state;
    memcpy(pair, fresh, 8);
    assert_int_equal(link_patch_pair(0x1000, 0x1ffe, bytes), OK);
    assert_memory_equal(bytes, expected, 8);
    assert_int_equal(link_patch_pair(0x1000, 0x1000, bytes), OK);
    assert_memory_equal(bytes, fresh, 8);
    assert_int_equal(link_patch_pair(0x1000, 0x1001, bytes), ERR_LINK);
    assert_int_equal(link_patch_pair(1ul << 32, (1ul << 32) + 0x7ffff800, bytes), ERR_LINK);
    assert_memory_equal(bytes, fresh, 8);
    bytes[5] = 0; /* jalr through another register */
    assert_int_equal(link_patch_pair(0x1000, 0x2000, bytes), ERR_FORMAT);
    assert_true(link_reaches(1ul << 40, (1ul << 40) + 0x7ffff7ff));
    assert_false(link_reaches(1ul << 40, (1ul << 40) + 0x7ffff800));
    assert_true(link_reaches(1ul << 40, (1ul << 40) - 0x80000800));
    assert_false(link_reaches(1ul << 40, (1ul << 40) - 0x80000801));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_stubs),         cmocka_unit_test(sites_are_counted),
        cmocka_unit_test(sites_are_told_once),         cmocka_unit_test(callbacks_end_the_work),
        cmocka_unit_test(pair_is_patched_and_checked),
    };

    if (argc != 2)
        return 2;
    victim_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL) + damages_run("damaged relocations");
}
