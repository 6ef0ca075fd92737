/* The device tree's readers, beside libfdt: over trees of QEMU and one of our own, whole, with nodes taken
 * out, and damaged. Arguments: FILE HARTS MIB (0: not of QEMU) ... */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt.h"
#include "platform.h"

#define TREES_MOST 16
#define FLIPS 20000
#define FILE_BYTES_MOST (4ul << 20)

static struct tree_file {
    const char *path;
    unsigned harts, mib;
    char *blob; /* packed, in memory of exactly its length */
    size_t bytes;
} trees[TREES_MOST];
static unsigned tree_count;

static const char odd_path[] = "odd.dtb";

static void tree_read(struct tree_file *tree)
{
    FILE *file = fopen(tree->path, "rb");
    char *bytes = malloc(FILE_BYTES_MOST);
    size_t length;

    if (!file || !bytes) {
        perror(tree->path);
        exit(2);
    }
    length = fread(bytes, 1, FILE_BYTES_MOST, file);
    fclose(file);
    if (length < sizeof(struct fdt_header) || fdt_check_full(bytes, length) != 0 || fdt_pack(bytes) != 0)
        exit(2);
    tree->bytes = fdt_totalsize(bytes);
    tree->blob = malloc(tree->bytes);
    memcpy(tree->blob, bytes, tree->bytes);
    free(bytes);
}

static const struct tree_file *tree_named(const char *end)
{
    for (unsigned i = 0; i < tree_count; i++) {
        size_t length = strlen(trees[i].path);

        if (length >= strlen(end) && strcmp(trees[i].path + length - strlen(end), end) == 0)
            return &trees[i];
    }
    fail_msg("no tree %s", end);
    return NULL;
}

static void open_tree(const struct tree_file *tree)
{
    struct why why = {""};

    if (dt_open(tree->blob, tree->bytes, &why) != OK)
        fail_msg("%s: %s", tree->path, why.text);
}

static dt_node at(const char *path)
{
    dt_node node;

    if (!dt_find_path(path, &node))
        fail_msg("%s not found", path);
    return node;
}

/* --- beside libfdt --- */

static void compare_properties(const void *blob, int offset)
{
    int property;

    fdt_for_each_property_offset (property, blob, offset) {
        const char *name;
        const void *ours = NULL, *value;
        size_t length = 0;
        int expected;

        value = fdt_getprop_by_offset(blob, property, &name, &expected);
        assert_true(dt_property((dt_node){(uint32_t)offset}, name, &ours, &length));
        assert_ptr_equal(ours, value);
        assert_int_equal(length, expected);
        for (unsigned i = 0; i < (unsigned)expected / 4; i++) {
            uint32_t cell;

            assert_true(dt_u32((dt_node){(uint32_t)offset}, name, i, &cell));
            assert_int_equal(cell, fdt32_ld((const fdt32_t *)value + i));
        }
        assert_false(dt_u32((dt_node){(uint32_t)offset}, name, (unsigned)expected / 4, &(uint32_t){0}));
        if (fdt_stringlist_count(blob, offset, name) == 1)
            assert_string_equal(dt_string((dt_node){(uint32_t)offset}, name), value);
        else
            assert_null(dt_string((dt_node){(uint32_t)offset}, name));
    }
    assert_false(dt_property((dt_node){(uint32_t)offset}, "no such", &(const void *){0}, &(size_t){0}));
}

static void compare_reg(const void *blob, int offset)
{
    int parent = fdt_parent_offset(blob, offset), length, a, s;
    const fdt32_t *reg = fdt_getprop(blob, offset, "reg", &length);
    uint64_t bytes;
    paddr base;

    if (parent < 0 || !reg) {
        assert_false(dt_reg((dt_node){(uint32_t)offset}, 0, &base, &bytes));
        return;
    }
    a = fdt_address_cells(blob, parent);
    s = fdt_getprop(blob, parent, "#size-cells", NULL) ? fdt_size_cells(blob, parent) : 1;
    if (a < 1 || a > 2) {
        assert_false(dt_reg((dt_node){(uint32_t)offset}, 0, &base, &bytes));
        return;
    }
    for (int i = 0; i < length / 4 / (a + s); i++, reg += a + s) {
        uint64_t expected_base = a == 2 ? fdt64_ld((const fdt64_t *)reg) : fdt32_ld(reg);
        uint64_t expected_bytes = s == 0   ? 0
                                  : s == 2 ? fdt64_ld((const fdt64_t *)(reg + a))
                                           : fdt32_ld(reg + a);

        assert_true(dt_reg((dt_node){(uint32_t)offset}, (unsigned)i, &base, &bytes));
        assert_int_equal(base.value, expected_base);
        assert_int_equal(bytes, expected_bytes);
    }
    assert_false(dt_reg((dt_node){(uint32_t)offset}, (unsigned)(length / 4 / (a + s)), &base, &bytes));
}

static void compare_children(const void *blob, int offset)
{
    dt_node child;
    const dt_node *after = NULL;
    int expected;

    fdt_for_each_subnode (expected, blob, offset) {
        assert_true(dt_child((dt_node){(uint32_t)offset}, after, &child));
        assert_int_equal(child.offset, expected);
        after = &child;
    }
    assert_false(dt_child((dt_node){(uint32_t)offset}, after, &child));
}

static void compare_tree(const void *blob)
{
    for (int offset = 0; offset >= 0; offset = fdt_next_node(blob, offset, NULL)) {
        uint32_t phandle = fdt_get_phandle(blob, offset);
        char path[512];
        dt_node node;

        assert_int_equal(fdt_get_path(blob, offset, path, sizeof path), 0);
        assert_true(dt_find_path(path, &node));
        assert_int_equal(node.offset, offset);
        compare_properties(blob, offset);
        compare_reg(blob, offset);
        compare_children(blob, offset);
        if (phandle) {
            assert_true(dt_find_phandle(phandle, &node));
            assert_int_equal(node.offset, fdt_node_offset_by_phandle(blob, phandle));
        }
    }
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
        assert_int_equal(dt_bytes(), trees[i].bytes);
        compare_tree(trees[i].blob);
        compare_compatible(trees[i].blob);
    }
}

static void test_nodes_and_properties_that_were_taken_out_are_skipped(void **unused)
{
    struct tree_file copy = *tree_named(odd_path);

    (void)unused;
    copy.blob = malloc(copy.bytes);
    memcpy(copy.blob, tree_named(odd_path)->blob, copy.bytes);
    assert_int_equal(fdt_nop_node(copy.blob, fdt_path_offset(copy.blob, "/cpus/cpu@1")), 0);
    assert_int_equal(fdt_nop_node(copy.blob, fdt_path_offset(copy.blob, "/odd")), 0);
    assert_int_equal(fdt_nop_property(copy.blob, fdt_path_offset(copy.blob, "/chosen"), "bootargs"), 0);
    assert_int_equal(fdt_nop_property(copy.blob, fdt_path_offset(copy.blob, "/bus/serial"), "compatible"), 0);
    open_tree(&copy);
    compare_tree(copy.blob);
    compare_compatible(copy.blob);
    assert_string_equal(machine_bootargs(), "");
    free(copy.blob);
}

/* --- the machine --- */

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
        assert_int_equal(machine_ram_bytes(), (uint64_t)trees[i].mib << 20);
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
    open_tree(tree_named(odd_path));
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
    open_tree(tree_named(odd_path));
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
    open_tree(tree_named(odd_path));
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

/* --- damage --- */

static void read_node(dt_node node, unsigned depth)
{
    static const char *const names[] = {"compatible", "reg", "status", "phandle", "device_type", "riscv,isa"};
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
    machine_ram_bytes();
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

            copy[place] = (char)(random_below(&random, 2) ? random_next(&random) : random_below(&random, 10));
        }
        if (dt_open(copy, tree->bytes, NULL) == OK) {
            accepted++;
            read_everything();
            open_tree(tree_named(odd_path));
        }
        free(copy);
    }
    assert_in_range(accepted, FLIPS / 20, FLIPS - FLIPS / 20); /* both ways are exercised */
}

/* Each of these is one field away from a good tree. */
static void test_each_kind_of_damage_is_refused(void **unused)
{
    const struct tree_file *tree = tree_named(odd_path);
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
        {"property's name past the end", structure + 16, fdt_size_dt_strings(tree->blob), ERR_FORMAT},
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
    const struct tree_file *tree = tree_named(odd_path);
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

static void test_an_empty_initrd_is_none(void **unused)
{
    struct tree_file copy = *tree_named(odd_path);
    uint64_t base, bytes;
    fdt64_t end;

    (void)unused;
    copy.blob = malloc(copy.bytes);
    memcpy(copy.blob, tree_named(odd_path)->blob, copy.bytes);
    fdt64_st(&end, 0x190000000);
    assert_int_equal(fdt_setprop_inplace(copy.blob, fdt_path_offset(copy.blob, "/chosen"), "linux,initrd-end",
                                         &end, sizeof end), 0);
    open_tree(&copy);
    assert_false(dt_initrd(&base, &bytes));
    fdt64_st(&end, 0x18fffffff);
    fdt_setprop_inplace(copy.blob, fdt_path_offset(copy.blob, "/chosen"), "linux,initrd-end", &end, sizeof end);
    assert_false(dt_initrd(&base, &bytes));
    open_tree(tree_named(odd_path));
    free(copy.blob);
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
    open_tree(tree_named(odd_path));
}

static void test_a_refused_tree_leaves_the_old_one(void **unused)
{
    static _Alignas(8) char rubbish[64] = "rubbish";

    (void)unused;
    open_tree(tree_named(odd_path));
    assert_int_equal(dt_open(rubbish, sizeof rubbish, NULL), ERR_FORMAT);
    assert_int_equal(dt_open(tree_named(odd_path)->blob + 4, 4000, NULL), ERR_FORMAT); /* misaligned */
    assert_int_equal(dt_bytes(), tree_named(odd_path)->bytes);
    assert_int_equal(dt_timebase(), 1000000);
}

/* First, before any tree is open. */
static void test_without_a_tree_readers_find_nothing(void **unused)
{
    dt_node node;

    (void)unused;
    read_everything();
    assert_int_equal(dt_bytes(), 0);
    assert_false(dt_find_path("/chosen", &node));
    assert_int_equal(machine_ram_bytes(), 0);
    assert_string_equal(machine_bootargs(), "");
    assert_false(machine_has_isa("i"));
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_tree_readers_find_nothing),
        cmocka_unit_test(test_every_node_and_property_as_libfdt_reads_it),
        cmocka_unit_test(test_nodes_and_properties_that_were_taken_out_are_skipped),
        cmocka_unit_test(test_memory_and_harts_of_qemu),
        cmocka_unit_test(test_boot_files_and_arguments_of_qemu),
        cmocka_unit_test(test_bootarg_takes_whole_keys),
        cmocka_unit_test(test_ranges_of_the_odd_tree),
        cmocka_unit_test(test_paths_without_unit_addresses),
        cmocka_unit_test(test_a_tree_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(test_damaged_bytes_never_crash),
        cmocka_unit_test(test_each_kind_of_damage_is_refused),
        cmocka_unit_test(test_a_structure_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(test_an_empty_initrd_is_none),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_a_refused_tree_leaves_the_old_one),
    };

    for (int i = 1; i + 2 < count && tree_count < TREES_MOST; i += 3) {
        trees[tree_count].path = arguments[i];
        trees[tree_count].harts = (unsigned)atoi(arguments[i + 1]);
        trees[tree_count].mib = (unsigned)atoi(arguments[i + 2]);
        tree_read(&trees[tree_count++]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
