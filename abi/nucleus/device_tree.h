/**
 * @file nucleus/device_tree.h
 * The flattened device tree that the firmware left (Devicetree Specification 0.4, chapter 5), and the steps
 * through it. The nucleus checks every token at boot, so nothing here needs bounds. Who wants to know something
 * of the machine asks the interface devicetree (devicetree.h), which is built on this.
 */
#ifndef MITOS_NUCLEUS_DEVICE_TREE_H
#define MITOS_NUCLEUS_DEVICE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "string.h"

#define DT_DEPTH_MOST 32 /* of nodes in nodes, the root included */

enum dt_tag { DT_BEGIN = 1, DT_END_NODE, DT_PROPERTY, DT_NOP, DT_END = 9 };

/** Where its blocks lie, and the length of the whole. */
struct dt_tree {
    const uint8_t *structure, *reservations;
    const char *strings;
    uint32_t bytes;
};
/** The machine's tree; it stays where it is, unchanged, for ever. */
const struct dt_tree *dt_tree(void);

/** A node of the tree: the offset of its FDT_BEGIN_NODE in the structure block; 0 is the root. */
typedef struct {
    uint32_t offset;
} dt_node;

/** A piece of the structure block. */
struct dt_token {
    uint32_t tag, next;   /* next: offset of the token behind */
    const char *name;     /* of a node or property */
    const uint8_t *value; /* of a property */
    uint32_t bytes;
};

/** A number of @p cells cells, 0 to 2: big-endian, unaligned. */
static inline uint64_t dt_number(const uint8_t *bytes, uint32_t cells)
{
    uint64_t value = 0;

    for (; cells > 0; cells--, bytes += 4)
        value = value << 32 | (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                (uint32_t)bytes[2] << 8 | bytes[3];
    return value;
}

/** A number of one cell. */
static inline uint32_t dt_u32_at(const uint8_t *bytes)
{
    return (uint32_t)dt_number(bytes, 1);
}

/** The token at @p offset. Always inline, so that walks read nothing that they do not need. */
static inline __attribute__((always_inline)) struct dt_token dt_token_at(const struct dt_tree *tree,
                                                                         uint32_t offset)
{
    const uint8_t *at = tree->structure + offset;
    struct dt_token token = {.tag = at[3], .next = offset + 4};

    if (token.tag == DT_BEGIN) {
        token.name = (const char *)at + 4;
        token.next += (uint32_t)align_up(strlen(token.name) + 1, 4);
    } else if (token.tag == DT_PROPERTY) {
        token.bytes = dt_u32_at(at + 4);
        token.name = tree->strings + dt_u32_at(at + 8);
        token.value = at + 12;
        token.next += 8 + (uint32_t)align_up(token.bytes, 4);
    }
    return token;
}

/** Moves on to the node that begins next, at whatever depth, which is followed in @p depth. @return false: none. */
static inline bool dt_next(const struct dt_tree *tree, dt_node *node, int *depth)
{
    struct dt_token token = dt_token_at(tree, node->offset);

    do {
        node->offset = token.next;
        token = dt_token_at(tree, token.next);
        *depth += (token.tag == DT_BEGIN) - (token.tag == DT_END_NODE);
    } while (token.tag != DT_BEGIN && token.tag != DT_END);
    return token.tag == DT_BEGIN;
}

/** The bytes of a property; NULL: the node has none of that name. */
static inline const uint8_t *dt_value(const struct dt_tree *tree, dt_node node, const char *name,
                                      uint32_t *bytes)
{
    struct dt_token token = dt_token_at(tree, node.offset);

    do {
        token = dt_token_at(tree, token.next);
        if (token.tag == DT_PROPERTY && strcmp(token.name, name) == 0) {
            *bytes = token.bytes;
            return token.value;
        }
    } while (token.tag == DT_PROPERTY || token.tag == DT_NOP);
    return NULL;
}

/** Whether a property, a list of strings, holds @p text. */
static inline bool dt_lists(const struct dt_tree *tree, dt_node node, const char *name,
                            const char *text)
{
    uint32_t bytes;
    const char *at = (const char *)dt_value(tree, node, name, &bytes), *end = at + bytes;

    if (!at || bytes == 0 || end[-1])
        return false;
    for (; at < end; at += strlen(at) + 1) {
        if (strcmp(at, text) == 0)
            return true;
    }
    return false;
}

/** Whether the node's `status`, if it has one, is okay. */
static inline bool dt_usable(const struct dt_tree *tree, dt_node node)
{
    uint32_t bytes;

    return !dt_value(tree, node, "status", &bytes) || dt_lists(tree, node, "status", "okay") ||
           dt_lists(tree, node, "status", "ok");
}

/** Range number @p index of `reg`, by its parent's #address-cells and #size-cells. */
static inline bool dt_range(const struct dt_tree *tree, dt_node parent, dt_node node,
                            unsigned index, uint64_t *base, uint64_t *bytes)
{
    uint32_t length, address_cells = 2, size_cells = 1, step;
    const uint8_t *value;

    value = dt_value(tree, parent, "#address-cells", &length);
    if (value && length >= 4)
        address_cells = dt_u32_at(value);
    value = dt_value(tree, parent, "#size-cells", &length);
    if (value && length >= 4)
        size_cells = dt_u32_at(value);
    value = dt_value(tree, node, "reg", &length);
    if (!value || address_cells == 0 || address_cells > 2 || size_cells > 2)
        return false;
    step = 4 * (address_cells + size_cells);
    if (length / step <= index)
        return false;
    *base = dt_number(value + (size_t)index * step, address_cells);
    *bytes = dt_number(value + (size_t)index * step + 4 * address_cells, size_cells);
    return true;
}

#endif
