/* Nodes of the device tree and their properties. All is found by walking: a tree has some hundred tokens,
 * and is asked a few times by each driver that starts. */
#include "cell.h"
#include "devicetree.h"
#include "nucleus/string.h"
#include "text.h"

static const dt_node root;

EXPORT bool dt_child(dt_node node, const dt_node *after, dt_node *child)
{
    int depth = after ? 1 : 0;
    bool found;

    *child = after ? *after : node;
    do
        found = dt_next(dt_tree(), child, &depth) && depth > 0;
    while (found && depth > 1);
    return found;
}

EXPORT bool dt_property(dt_node node, const char *name, const void **bytes, size_t *length)
{
    uint32_t count = 0;

    *bytes = dt_value(dt_tree(), node, name, &count);
    *length = count;
    return *bytes;
}

EXPORT bool dt_u32(dt_node node, const char *name, unsigned index, uint32_t *value)
{
    uint32_t length;
    const uint8_t *bytes = dt_value(dt_tree(), node, name, &length);

    if (!bytes || length / 4 <= index)
        return false;
    *value = dt_u32_at(bytes + 4ul * index);
    return true;
}

EXPORT const char *dt_string(dt_node node, const char *name)
{
    uint32_t length;
    const char *text = (const char *)dt_value(dt_tree(), node, name, &length);

    if (!text || length == 0 || text[length - 1] || strlen(text) + 1 != length)
        return NULL;
    return text;
}

EXPORT bool dt_find_compatible(const char *compatible, const dt_node *after, dt_node *found)
{
    dt_node node = after ? *after : root;
    int depth = 0;

    for (bool more = !after || dt_next(dt_tree(), &node, &depth); more;
         more = dt_next(dt_tree(), &node, &depth)) {
        if (dt_lists(dt_tree(), node, "compatible", compatible) && dt_usable(dt_tree(), node)) {
            *found = node;
            return true;
        }
    }
    return false;
}

EXPORT bool dt_find_phandle(uint32_t phandle, dt_node *found)
{
    dt_node node = root;
    uint32_t value;
    int depth = 0;

    while (!dt_u32(node, "phandle", 0, &value) || value != phandle) {
        if (!dt_next(dt_tree(), &node, &depth))
            return false;
    }
    *found = node;
    return true;
}

/* The child that the first @p length bytes of @p name name: in full, or without the unit address. */
static bool child_named(dt_node node, const char *name, size_t length, dt_node *found)
{
    unsigned matches = 0;
    dt_node child;

    for (const dt_node *after = NULL; dt_child(node, after, &child); after = &child) {
        const char *full = dt_token_at(dt_tree(), child.offset).name;

        if (strncmp(full, name, length) != 0)
            continue;
        if (!full[length]) {
            *found = child;
            return true;
        }
        if (full[length] == '@' && matches++ == 0)
            *found = child;
    }
    return matches == 1;
}

EXPORT bool dt_find_path(const char *path, dt_node *found)
{
    dt_node node = root;

    if (*path != '/')
        return false;
    while (*path == '/' && path[1]) {
        size_t length = 0;

        path++;
        while (path[length] && path[length] != '/')
            length++;
        if (length == 0 || !child_named(node, path, length, &node))
            return false;
        path += length;
    }
    *found = node;
    return true;
}

EXPORT bool dt_reg(dt_node node, unsigned index, paddr *base, uint64_t *bytes)
{
    dt_node parents[DT_DEPTH_MOST], at = root;
    int depth = 0;

    for (bool more = true; more && at.offset < node.offset; more = dt_next(dt_tree(), &at, &depth))
        parents[depth] = at;
    return depth > 0 && at.offset == node.offset &&
           dt_range(dt_tree(), parents[depth - 1], node, index, &base->value, bytes);
}
