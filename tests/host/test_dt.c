/* The device tree's readers, beside libfdt: over trees of QEMU and one of our own, whole and with nodes taken
 * out. Arguments: FILE HARTS MIB (0: not of QEMU) ... */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "devicetree.h"
#include "dt.h"
#include "dt_trees.h"
#include "platform.h"

static dt_node at(const char *path)
{
    dt_node node;

    if (!dt_find_path(path, &node))
        fail_msg("%s not found", path);
    return node;
}

static bool usable_by_libfdt(const void *blob, int offset)
{
    int length;
    const char *status = fdt_getprop(blob, offset, "status", &length);

    return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

/* Every string of every compatible list, forwards through all nodes that have it. */
static void compare_compatible(const void *blob)
{
    for (int offset = 0; offset >= 0; offset = fdt_next_node(blob, offset, NULL)) {
        int count = fdt_stringlist_count(blob, offset, "compatible");

        for (int i = 0; i < count; i++) {
            const char *name = fdt_stringlist_get(blob, offset, "compatible", i, NULL);
            int expected = -1;
            dt_node node, *after = NULL;

            while (dt_find_compatible(name, after, &node)) {
                do
                    expected = fdt_node_offset_by_compatible(blob, expected, name);
                while (expected >= 0 && !usable_by_libfdt(blob, expected));
                assert_int_equal(node.offset, expected);
                after = &node;
            }
            do
                expected = fdt_node_offset_by_compatible(blob, expected, name);
            while (expected >= 0 && !usable_by_libfdt(blob, expected));
            assert_int_equal(expected, -FDT_ERR_NOTFOUND);
        }
    }
    assert_false(dt_find_compatible("no such", NULL, &(dt_node){0}));
    assert_false(dt_find_compatible("", NULL, &(dt_node){0}));
}

static void test_every_node_and_property_as_libfdt_reads_it(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < tree_count; i++) {
        open_tree(&trees[i]);
        assert_int_equal(dt_tree()->bytes, trees[i].bytes);
        compare_tree(trees[i].blob);
        compare_compatible(trees[i].blob);
    }
}

static void test_nodes_and_properties_that_were_taken_out_are_skipped(void **unused)
{
    struct tree_file copy = tree_odd_copy();

    (void)unused;
    assert_int_equal(fdt_nop_node(copy.blob, fdt_path_offset(copy.blob, "/cpus/cpu@1")), 0);
    assert_int_equal(fdt_nop_node(copy.blob, fdt_path_offset(copy.blob, "/odd")), 0);
    assert_int_equal(fdt_nop_property(copy.blob, fdt_path_offset(copy.blob, "/chosen"), "bootargs"),
                     0);
    assert_int_equal(
        fdt_nop_property(copy.blob, fdt_path_offset(copy.blob, "/bus/serial"), "compatible"), 0);
    open_tree(&copy);
    compare_tree(copy.blob);
    compare_compatible(copy.blob);
    assert_string_equal(machine_bootargs(), "");
    free(copy.blob);
}

static void test_memory_and_harts_of_qemu(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < tree_count; i++) {
        uint64_t base, bytes, id;

        if (trees[i].mib == 0)
            continue;
        open_tree(&trees[i]);
        assert_true(dt_memory(0, &base, &bytes));
        assert_int_equal(base, 0x80000000);
        assert_int_equal(bytes, (uint64_t)trees[i].mib << 20);
        assert_false(dt_memory(1, &base, &bytes));
        for (unsigned hart = 0; hart < trees[i].harts; hart++) {
            assert_true(dt_hart(hart, &id));
            assert_int_equal(id, hart);
        }
        assert_false(dt_hart(trees[i].harts, &id));
        assert_int_equal(dt_timebase(), 10000000);
        assert_true(machine_has_isa("sstc"));
        assert_true(machine_has_isa("c"));
        assert_false(machine_has_isa("ss"));
        assert_false(machine_has_isa("sstcx"));
    }
}

static void test_boot_files_and_arguments_of_qemu(void **unused)
{
    uint64_t base, bytes;
    char room[64];

    (void)unused;
    open_tree(tree_named("virt-2-128.dtb"));
    assert_true(dt_initrd(&base, &bytes));
    assert_int_equal(bytes, 5000);
    assert_int_equal(base % 4096, 0);
    assert_string_equal(machine_bootargs(), "quiet run=cells and tasks");
    assert_string_equal(machine_bootarg("run", room, sizeof room), "cells and tasks");
    open_tree(tree_named("virt-1-64.dtb"));
    assert_false(dt_initrd(&base, &bytes));
    assert_string_equal(machine_bootargs(), "");
    assert_null(machine_bootarg("run", room, sizeof room));
}

static void test_bootarg_takes_whole_keys(void **unused)
{
    char room[64];

    (void)unused;
    open_tree(tree_odd());
    assert_string_equal(machine_bootarg("one", room, sizeof room), "1");
    assert_string_equal(machine_bootarg("two", room, sizeof room), "22");
    assert_string_equal(machine_bootarg("name", room, sizeof room), "value=more");
    assert_string_equal(machine_bootarg("run", room, sizeof room), "echo one=3; inner=4  words");
    assert_null(machine_bootarg("quiet", room, sizeof room));
    assert_null(machine_bootarg("ne", room, sizeof room));
    assert_null(machine_bootarg("on", room, sizeof room));
    assert_null(machine_bootarg("value", room, sizeof room));
    assert_null(machine_bootarg("inner", room, sizeof room));
    assert_string_equal(machine_bootarg("two", room, 3), "22");
    assert_null(machine_bootarg("two", room, 2));
    assert_null(machine_bootarg("two", room, 0));
}

static void test_ranges_of_the_odd_tree(void **unused)
{
    static const uint64_t memory[][2] = {
        {0x80000000, 0x8000000}, {0x100000000, 0x100000000}, {0x500000000, 0x123000}};
    static const uint64_t reserved[][2] = {{0x80000000, 0x40000},
                                           {0x1fffff000, 0x1000},
                                           {0x80000000, 0x80000},
                                           {0x81000000, 0x1000},
                                           {0x90000000, 0x10}};
    uint64_t base, bytes, id;

    (void)unused;
    open_tree(tree_odd());
    for (unsigned i = 0; i < 3; i++) {
        assert_true(dt_memory(i, &base, &bytes));
        assert_int_equal(base, memory[i][0]);
        assert_int_equal(bytes, memory[i][1]);
    }
    assert_false(dt_memory(3, &base, &bytes));
    for (unsigned i = 0; i < 5; i++) {
        assert_true(dt_reserved(i, &base, &bytes));
        assert_int_equal(base, reserved[i][0]);
        assert_int_equal(bytes, reserved[i][1]);
    }
    assert_false(dt_reserved(5, &base, &bytes));
    assert_true(dt_hart(0, &id));
    assert_int_equal(id, 5);
    assert_true(dt_hart(1, &id));
    assert_int_equal(id, 9);
    assert_false(dt_hart(2, &id));
    assert_true(dt_initrd(&base, &bytes));
    assert_int_equal(base, 0x190000000);
    assert_int_equal(bytes, 0x12345);
    assert_int_equal(dt_timebase(), 1000000);
    assert_true(machine_has_isa("sstc"));
    assert_false(machine_has_isa("zbb")); /* not every hart's */
    assert_false(machine_has_isa("f"));
}

static void test_paths_without_unit_addresses(void **unused)
{
    dt_node node;

    (void)unused;
    open_tree(tree_odd());
    assert_int_equal(at("/").offset, 0);
    assert_int_equal(at("/bus/loner").offset, at("/bus/loner@1").offset);
    assert_int_not_equal(at("/bus/lone").offset, at("/bus/lone@4000").offset);
    assert_false(dt_find_path("/bus/serial", &node)); /* ambiguous */
    assert_false(dt_find_path("/bus/seria", &node));
    assert_false(dt_find_path("/bus/serial@100", &node));
    assert_false(dt_find_path("/bus/serial@1000/x", &node));
    assert_false(dt_find_path("bus", &node));
    assert_false(dt_find_path("", &node));
    assert_false(dt_find_path("//bus", &node));
    assert_false(dt_find_path("/nothing", &node));
    assert_false(dt_find_phandle(12345, &node));
    assert_true(dt_find_phandle(77, &node));
    assert_int_equal(node.offset, at("/bus/lone").offset);
}

static void test_an_empty_initrd_is_none(void **unused)
{
    struct tree_file copy = tree_odd_copy();
    uint64_t base, bytes;
    fdt64_t end;

    (void)unused;
    fdt64_st(&end, 0x190000000);
    assert_int_equal(fdt_setprop_inplace(copy.blob, fdt_path_offset(copy.blob, "/chosen"),
                                         "linux,initrd-end", &end, sizeof end),
                     0);
    open_tree(&copy);
    assert_false(dt_initrd(&base, &bytes));
    fdt64_st(&end, 0x18fffffff);
    fdt_setprop_inplace(copy.blob, fdt_path_offset(copy.blob, "/chosen"), "linux,initrd-end", &end,
                        sizeof end);
    assert_false(dt_initrd(&base, &bytes));
    open_tree(tree_odd());
    free(copy.blob);
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_node_and_property_as_libfdt_reads_it),
        cmocka_unit_test(test_nodes_and_properties_that_were_taken_out_are_skipped),
        cmocka_unit_test(test_memory_and_harts_of_qemu),
        cmocka_unit_test(test_boot_files_and_arguments_of_qemu),
        cmocka_unit_test(test_bootarg_takes_whole_keys),
        cmocka_unit_test(test_ranges_of_the_odd_tree),
        cmocka_unit_test(test_paths_without_unit_addresses),
        cmocka_unit_test(test_an_empty_initrd_is_none),
    };

    trees_read(count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
