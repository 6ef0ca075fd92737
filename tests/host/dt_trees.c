/* See dt_trees.h. */
#include "dt_trees.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicetree.h"
#include "dt.h"
#include "platform.h"

#define FILE_BYTES_MOST (4ul << 20)

struct tree_file trees[TREES_MOST];
unsigned tree_count;

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
    if (length < sizeof(struct fdt_header) || fdt_check_full(bytes, length) != 0 ||
        fdt_pack(bytes) != 0)
        exit(2);
    tree->bytes = fdt_totalsize(bytes);
    tree->blob = malloc(tree->bytes);
    memcpy(tree->blob, bytes, tree->bytes);
    free(bytes);
}

const struct tree_file *tree_named(const char *end)
{
    for (unsigned i = 0; i < tree_count; i++) {
        size_t length = strlen(trees[i].path);

        if (length >= strlen(end) && strcmp(trees[i].path + length - strlen(end), end) == 0)
            return &trees[i];
    }
    fail_msg("no tree %s", end);
    return NULL;
}

void open_tree(const struct tree_file *tree)
{
    struct why why = {""};

    if (dt_open(tree->blob, tree->bytes, &why) != OK)
        fail_msg("%s: %s", tree->path, why.text);
}

const struct tree_file *tree_odd(void)
{
    return tree_named("odd.dtb");
}

struct tree_file tree_odd_copy(void)
{
    struct tree_file copy = *tree_odd();

    copy.blob = malloc(copy.bytes);
    memcpy(copy.blob, tree_odd()->blob, copy.bytes);
    return copy;
}

void trees_read(int count, char **arguments)
{
    for (int i = 1; i + 2 < count && tree_count < TREES_MOST; i += 3) {
        trees[tree_count].path = arguments[i];
        trees[tree_count].harts = (unsigned)atoi(arguments[i + 1]);
        trees[tree_count].mib = (unsigned)atoi(arguments[i + 2]);
        tree_read(&trees[tree_count++]);
    }
}

static void compare_properties(const void *blob, int offset)
{
    int property;

    fdt_for_each_property_offset(property, blob, offset)
    {
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
        assert_false(
            dt_u32((dt_node){(uint32_t)offset}, name, (unsigned)expected / 4, &(uint32_t){0}));
        if (fdt_stringlist_count(blob, offset, name) == 1)
            assert_string_equal(dt_string((dt_node){(uint32_t)offset}, name), value);
        else
            assert_null(dt_string((dt_node){(uint32_t)offset}, name));
    }
    assert_false(
        dt_property((dt_node){(uint32_t)offset}, "no such", &(const void *){0}, &(size_t){0}));
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
    assert_false(
        dt_reg((dt_node){(uint32_t)offset}, (unsigned)(length / 4 / (a + s)), &base, &bytes));
}

static void compare_children(const void *blob, int offset)
{
    dt_node child;
    const dt_node *after = NULL;
    int expected;

    fdt_for_each_subnode(expected, blob, offset)
    {
        assert_true(dt_child((dt_node){(uint32_t)offset}, after, &child));
        assert_int_equal(child.offset, expected);
        after = &child;
    }
    assert_false(dt_child((dt_node){(uint32_t)offset}, after, &child));
}

void compare_tree(const void *blob)
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
