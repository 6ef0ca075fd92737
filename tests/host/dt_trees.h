/*
 * The device trees that the tests of their readers run over, and the comparison with libfdt.
 */
#ifndef TESTS_DT_TREES_H
#define TESTS_DT_TREES_H

#include "dt.h"

#include <stddef.h>

#define TREES_MOST 16

struct tree_file {
    const char *path;
    unsigned harts, mib; /* 0: not of QEMU */
    char *blob;          /* packed, in memory of exactly its length */
    size_t bytes;
};
extern struct tree_file trees[TREES_MOST];
extern unsigned tree_count;

/** Reads the trees that a test's arguments name: FILE HARTS MIB ... Ends the program when one is bad. */
void trees_read(int count, char **arguments);
/** The tree whose file name ends so. */
const struct tree_file *tree_named(const char *end);
/** The one of our own, from dt/odd.dts. */
const struct tree_file *tree_odd(void);
/** Makes @p tree the open one, or fails the test. */
void open_tree(const struct tree_file *tree);
/** A copy of the odd tree, to be changed; free() its blob. */
struct tree_file tree_odd_copy(void);

/** Every node, property, range and child of @p blob, which is open, as libfdt reads it. */
void compare_tree(const void *blob);

/** The hardware id of hart number @p index, as the nucleus asks for it. */
static inline bool dt_hart(unsigned index, uint64_t *id)
{
    uint64_t unused;

    return dt_range_find("cpus", "device_type", "cpu", index, id, &unused);
}

#endif
