/* Device trees that are cut, damaged or wrong: refused, or at least read without a step outside. Arguments as
 * those of test_dt. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "devicetree.h"
#include "dt.h"
#include "dt_trees.h"
#include "platform.h"

#define FLIPS 20000

static void read_node(dt_node node, unsigned depth)
{
    static const char *const names[] = {"compatible", "reg",         "status",
                                        "phandle",    "device_type", "riscv,isa"};
    dt_node child, found, *after = NULL;
    const void *bytes;
    uint64_t size;
    size_t length;
    uint32_t cell;
    paddr base;

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (dt_property(node, names[i], &bytes, &length) && length > 0)
            assert_non_null(memchr(bytes, ((const char *)bytes)[length - 1], length));
        dt_string(node, names[i]);
        dt_u32(node, names[i], 3, &cell);
    }
    dt_reg(node, 0, &base, &size);
    dt_reg(node, 1, &base, &size);
    if (dt_u32(node, "phandle", 0, &cell))
        dt_find_phandle(cell, &found);
    for (; depth < 40 && dt_child(node, after, &child); after = &child)
        read_node(child, depth + 1);
}

static void read_everything(void)
{
    static const char *const compatible[] = {"ns16550a", "virtio,mmio", "riscv"};
    uint64_t base, bytes;
    char room[32];
    dt_node node, *after;

    read_node((dt_node){0}, 0);
    for (unsigned i = 0; i < 3; i++) {
        after = NULL;
        while (dt_find_compatible(compatible[i], after, &node))
            after = &node;
    }
    for (unsigned i = 0; i < 20; i++) {
        dt_memory(i, &base, &bytes);
        dt_reserved(i, &base, &bytes);
        dt_hart(i, &base);
    }
    dt_initrd(&base, &bytes);
    dt_find_path("/soc/serial", &node);
    dt_find_path("/bus/lone", &node);
    machine_bootarg("run", room, sizeof room);
    machine_has_isa("sstc");
    dt_timebase();
}

static void put_u32(char *bytes, uint32_t value)
{
    fdt32_st(bytes, value);
}

static void test_a_tree_that_is_cut_anywhere_is_refused(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < tree_count; i++) {
        for (size_t length = 0; length < trees[i].bytes; length++) {
            char *copy = malloc(length ? length : 1);

            memcpy(copy, trees[i].blob, length);
            assert_int_equal(dt_open(copy, length, NULL), ERR_FORMAT);
            if (length >= 8)
                put_u32(copy + 4, (uint32_t)length); /* a header that agrees */
            assert_int_equal(dt_open(copy, length, NULL), ERR_FORMAT);
            free(copy);
        }
    }
}

static void test_damaged_bytes_never_crash(void **unused)
{
    unsigned accepted = 0;

    (void)unused;
    for (uint64_t seed = 1; seed <= FLIPS; seed++) {
        struct random random = {seed * 0x9e3779b97f4a7c15u};
        const struct tree_file *tree = &trees[random_below(&random, tree_count)];
        char *copy = malloc(tree->bytes);

        memcpy(copy, tree->blob, tree->bytes);
        for (uint64_t flips = 1 + random_below(&random, 6); flips > 0; flips--) {
            size_t place = random_below(&random, random_below(&random, 4) ? tree->bytes : 72);

            copy[place] =
                (char)(random_below(&random, 2) ? random_next(&random) : random_below(&random, 10));
        }
        if (dt_open(copy, tree->bytes, NULL) == OK) {
            accepted++;
            read_everything();
            open_tree(tree_odd());
        }
        free(copy);
    }
    assert_in_range(accepted, FLIPS / 20, FLIPS - FLIPS / 20); /* both ways are exercised */
}

/* Each of these is one field away from a good tree. */
static void test_each_kind_of_damage_is_refused(void **unused)
{
    const struct tree_file *tree = tree_odd();
    uint32_t structure = fdt_off_dt_struct(tree->blob), strings = fdt_off_dt_strings(tree->blob);
    const struct {
        const char *what;
        uint32_t offset, value;
        enum status status;
    } cases[] = {
        {"magic", 0, 0xd00dfeee, ERR_FORMAT},
        {"total size", 4, (uint32_t)tree->bytes + 1, ERR_FORMAT},
        {"total size 0", 4, 0, ERR_FORMAT},
        {"structure outside", 8, (uint32_t)tree->bytes - 8, ERR_FORMAT},
        {"structure wraps", 8, 0xfffffff8, ERR_FORMAT},
        {"structure in the header", 8, 4, ERR_FORMAT},
        {"strings outside", 12, strings + 1, ERR_FORMAT},
        {"reservations outside", 16, (uint32_t)tree->bytes - 8, ERR_FORMAT},
        {"reservations in the header", 16, 32, ERR_FORMAT},
        {"version", 20, 16, ERR_UNSUPPORTED},
        {"compatible version", 24, 18, ERR_UNSUPPORTED},
        {"strings too long", 32, 0xffffffff, ERR_FORMAT},
        {"strings without an end", 32, fdt_size_dt_strings(tree->blob) - 1, ERR_FORMAT},
        {"structure too long", 36, 0xfffffffc, ERR_FORMAT},
        {"structure without an end", 36, fdt_size_dt_struct(tree->blob) - 4, ERR_FORMAT},
        {"structure empty", 36, 0, ERR_FORMAT},
        {"no root", structure, FDT_NOP, ERR_FORMAT},
        {"unknown token", structure + 8, 7, ERR_FORMAT},
        {"property past the end", structure + 12, 0x7fffffff, ERR_FORMAT},
        {"property wraps to itself", structure + 12, 0xfffffff4, ERR_FORMAT},
        {"property's name past the end", structure + 16, fdt_size_dt_strings(tree->blob),
         ERR_FORMAT},
        {"ends too early", structure + 8, FDT_END, ERR_FORMAT},
        {"closes too early", structure + 8, FDT_END_NODE, ERR_FORMAT},
    };

    (void)unused;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = malloc(tree->bytes);
        struct why why = {""};
        enum status status;

        memcpy(copy, tree->blob, tree->bytes);
        put_u32(copy + cases[i].offset, cases[i].value);
        status = dt_open(copy, tree->bytes, &why);
        if (status != cases[i].status || !platform_text_holds(why.text, "device tree: "))
            fail_msg("%s: %d, %s", cases[i].what, status, why.text);
        free(copy);
    }
}

/* The structure block at the end of the tree, cut after every word of it. */
static void test_a_structure_that_is_cut_anywhere_is_refused(void **unused)
{
    const struct tree_file *tree = tree_odd();
    uint32_t strings = fdt_size_dt_strings(tree->blob), structure = fdt_size_dt_struct(tree->blob);
    uint32_t start = (56 + strings + 3) & ~3u;

    (void)unused;
    for (uint32_t length = 0; length <= structure; length++) {
        char *blob = calloc(1, start + length);

        memcpy(blob, tree->blob, 40);
        memcpy(blob + 56, tree->blob + fdt_off_dt_strings(tree->blob), strings);
        memcpy(blob + start, tree->blob + fdt_off_dt_struct(tree->blob), length);
        put_u32(blob + 4, start + length);
        put_u32(blob + 8, start);
        put_u32(blob + 12, 56);
        put_u32(blob + 16, 40);
        put_u32(blob + 36, length);
        assert_int_equal(dt_open(blob, start + length, NULL), length < structure ? ERR_FORMAT : OK);
        if (length == structure)
            compare_tree(blob);
        open_tree(tree);
        free(blob);
    }
}

static void test_depth_is_limited(void **unused)
{
    static _Alignas(8) char blob[8192];

    (void)unused;
    for (int depth = 31; depth <= 34; depth++) {
        assert_int_equal(fdt_create(blob, sizeof blob), 0);
        assert_int_equal(fdt_finish_reservemap(blob), 0);
        for (int i = 0; i < depth; i++)
            assert_int_equal(fdt_begin_node(blob, i ? "n" : ""), 0);
        for (int i = 0; i < depth; i++)
            assert_int_equal(fdt_end_node(blob), 0);
        assert_int_equal(fdt_finish(blob), 0);
        assert_int_equal(dt_open(blob, sizeof blob, NULL), depth <= 32 ? OK : ERR_FORMAT);
        if (depth <= 32)
            compare_tree(blob);
    }
    open_tree(tree_odd());
}

static void test_a_refused_tree_leaves_the_old_one(void **unused)
{
    static _Alignas(8) char rubbish[64] = "rubbish";

    (void)unused;
    open_tree(tree_odd());
    assert_int_equal(dt_open(rubbish, sizeof rubbish, NULL), ERR_FORMAT);
    assert_int_equal(dt_open(tree_odd()->blob + 4, 4000, NULL), ERR_FORMAT); /* misaligned */
    assert_int_equal(dt_tree()->bytes, tree_odd()->bytes);
    assert_int_equal(dt_timebase(), 1000000);
}

/* First, before any tree is open. */
static void test_without_a_tree_readers_find_nothing(void **unused)
{
    dt_node node;

    (void)unused;
    read_everything();
    assert_int_equal(dt_tree()->bytes, 0);
    assert_false(dt_find_path("/chosen", &node));
    assert_string_equal(machine_bootargs(), "");
    assert_false(machine_has_isa("i"));
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_tree_readers_find_nothing),
        cmocka_unit_test(test_a_tree_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(test_damaged_bytes_never_crash),
        cmocka_unit_test(test_each_kind_of_damage_is_refused),
        cmocka_unit_test(test_a_structure_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_a_refused_tree_leaves_the_old_one),
    };

    trees_read(count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
