/* The flattened device tree (Devicetree Specification 0.4, chapter 5), read where the firmware left it.
 *
 * dt_open() checks every token once, so the readers behind it need no bounds. They walk: the tree of
 * a machine with 8 harts has some 600 tokens, and it is asked a few dozen times in a boot. */
#include "dt.h"

#include "nucleus/string.h"

#define MAGIC 0xd00dfeedu
#define HEADER_BYTES 40u
#define DEPTH_MOST 32u

enum tag { TAG_BEGIN = 1, TAG_END_NODE, TAG_PROPERTY, TAG_NOP, TAG_END = 9 };

/* Words of the header (5.2). */
enum {
    TOTAL_BYTES = 1,
    STRUCT,
    STRINGS,
    RESERVED,
    VERSION,
    COMPATIBLE,
    BOOT_HART,
    STRINGS_BYTES,
    STRUCT_BYTES
};

/* The open tree. Before there is one: a root node with nothing in it, and no reservations. */
static const uint8_t empty_structure[] = {0, 0, 0, TAG_BEGIN,    0, 0, 0, 0,
                                          0, 0, 0, TAG_END_NODE, 0, 0, 0, TAG_END};
static const uint8_t empty_reservations[16];

static struct tree {
    const uint8_t *structure, *reservations;
    const char *strings;
    uint32_t structure_bytes, strings_bytes, bytes;
} tree = {.structure = empty_structure,
          .reservations = empty_reservations,
          .structure_bytes = sizeof empty_structure};

/* A piece of the structure block. */
struct token {
    uint32_t tag, next;   /* next: offset of the token behind */
    const char *name;     /* of a node or property */
    const uint8_t *value; /* of a property */
    uint32_t bytes;
};

static uint32_t u32_at(const void *bytes)
{
    const uint8_t *b = bytes;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* A number of @p cells cells, 0 to 2. */
static uint64_t cells_at(const uint8_t *bytes, uint32_t cells)
{
    uint64_t value = 0;

    for (; cells > 0; cells--, bytes += 4)
        value = value << 32 | u32_at(bytes);
    return value;
}

/* Inline, so that walks read nothing of a token that they do not need. A checked tag is a small number. */
static inline __attribute__((always_inline)) struct token token_at(uint32_t offset)
{
    const uint8_t *at = tree.structure + offset;
    struct token token = {.tag = at[3], .next = offset + 4};

    if (token.tag == TAG_BEGIN) {
        token.name = (const char *)at + 4;
        token.next += (uint32_t)align_up(strlen(token.name) + 1, 4);
    } else if (token.tag == TAG_PROPERTY) {
        token.bytes = u32_at(at + 4);
        token.name = tree.strings + u32_at(at + 8);
        token.value = at + 12;
        token.next += 8 + (uint32_t)align_up(token.bytes, 4);
    }
    return token;
}

static bool token_valid(uint32_t offset, uint32_t *next)
{
    const uint8_t *at = tree.structure + offset;
    uint32_t room = tree.structure_bytes - offset, length = 4;

    switch (u32_at(at)) {
    case TAG_BEGIN:
        while (length < room && at[length])
            length++;
        if (length == room)
            return false;
        break;
    case TAG_PROPERTY: /* the strings block ends with a NUL */
        if (room < 12 || u32_at(at + 4) > room - 12 || u32_at(at + 8) >= tree.strings_bytes)
            return false;
        break;
    case TAG_END_NODE:
    case TAG_NOP:
    case TAG_END:
        break;
    default:
        return false;
    }
    *next = token_at(offset).next;
    return true;
}

/* One root node at offset 0, ends that match the beginnings, properties inside of nodes, TAG_END. */
static bool structure_valid(uint32_t *bad)
{
    uint32_t depth = 0, next;

    for (uint32_t offset = 0;; offset = next) {
        uint32_t tag;

        *bad = offset;
        if (offset > tree.structure_bytes - 4 || !token_valid(offset, &next))
            return false;
        tag = u32_at(tree.structure + offset);
        if (offset == 0 ? tag != TAG_BEGIN : depth == 0 && tag != TAG_END && tag != TAG_NOP)
            return false;
        if (tag == TAG_END)
            return depth == 0;
        if (tag == TAG_BEGIN && ++depth > DEPTH_MOST)
            return false;
        if (tag == TAG_END_NODE)
            depth--;
    }
}

/* Whether bytes start .. start + bytes - 1 are part of the tree, behind its header. */
static bool block_valid(uint32_t start, uint32_t bytes)
{
    return start >= HEADER_BYTES && start <= tree.bytes && bytes <= tree.bytes - start;
}

static bool reservations_valid(const uint8_t *blob, uint32_t start)
{
    for (; block_valid(start, 16); start += 16) {
        if (cells_at(blob + start, 2) == 0 && cells_at(blob + start + 8, 2) == 0)
            return true;
    }
    return false;
}

/* Sets `tree`, and checks it. */
static enum status tree_check(const uint8_t *blob, size_t most, struct why *why)
{
    uint32_t header[HEADER_BYTES / 4], bad;

    for (unsigned i = 0; i < HEADER_BYTES / 4 && most >= HEADER_BYTES; i++)
        header[i] = u32_at(blob + 4 * i);
    if ((uintptr_t)blob % 8 != 0 || most < HEADER_BYTES || header[0] != MAGIC ||
        header[TOTAL_BYTES] > most || header[TOTAL_BYTES] < HEADER_BYTES)
        return why_set(why, ERR_FORMAT, "device tree: there is none, or it is cut short");
    if (header[VERSION] < 17 || header[COMPATIBLE] > 17)
        return why_set(why, ERR_UNSUPPORTED, "device tree: version %u, only 17 is understood",
                       header[VERSION]);
    tree = (struct tree){.structure = blob + header[STRUCT],
                         .reservations = blob + header[RESERVED],
                         .strings = (const char *)blob + header[STRINGS],
                         .structure_bytes = header[STRUCT_BYTES],
                         .strings_bytes = header[STRINGS_BYTES],
                         .bytes = header[TOTAL_BYTES]};
    if (tree.structure_bytes < 4 || !block_valid(header[STRUCT], tree.structure_bytes) ||
        !block_valid(header[STRINGS], tree.strings_bytes) ||
        !reservations_valid(blob, header[RESERVED]))
        return why_set(why, ERR_FORMAT, "device tree: a block of it exceeds its length");
    if (tree.strings_bytes > 0 && tree.strings[tree.strings_bytes - 1])
        return why_set(why, ERR_FORMAT, "device tree: its strings do not end");
    if (!structure_valid(&bad))
        return why_set(why, ERR_FORMAT, "device tree: damaged at offset 0x%x of its structure",
                       bad);
    return OK;
}

enum status dt_open(const void *blob, size_t most, struct why *why)
{
    struct tree before = tree;
    enum status status = tree_check(blob, most, why);

    if (status != OK)
        tree = before;
    return status;
}

size_t dt_bytes(void)
{
    return tree.bytes;
}

static const dt_node root;

/* The first node that begins at @p offset or later, whatever its depth. */
static bool node_from(uint32_t offset, dt_node *node)
{
    for (;;) {
        struct token token = token_at(offset);

        if (token.tag == TAG_BEGIN) {
            node->offset = offset;
            return true;
        }
        if (token.tag == TAG_END)
            return false;
        offset = token.next;
    }
}

/* The next child at @p offset, which is between children or properties of a node. */
static bool child_from(uint32_t offset, dt_node *child)
{
    struct token token = token_at(offset);

    while (token.tag == TAG_PROPERTY || token.tag == TAG_NOP) {
        offset = token.next;
        token = token_at(offset);
    }
    child->offset = offset;
    return token.tag == TAG_BEGIN;
}

/* The offset behind a node and all that is in it. */
static uint32_t node_end(dt_node node)
{
    uint32_t offset = node.offset, depth = 0;

    do {
        struct token token = token_at(offset);

        if (token.tag == TAG_BEGIN)
            depth++;
        if (token.tag == TAG_END_NODE)
            depth--;
        offset = token.next;
    } while (depth > 0);
    return offset;
}

bool dt_child(dt_node node, const dt_node *after, dt_node *child)
{
    return child_from(after ? node_end(*after) : token_at(node.offset).next, child);
}

static bool node_parent(dt_node node, dt_node *parent)
{
    dt_node child, within = root;

    while (dt_child(within, NULL, &child)) {
        while (node.offset >= node_end(child)) {
            if (!dt_child(within, &child, &child))
                return false;
        }
        if (child.offset >= node.offset) {
            *parent = within;
            return child.offset == node.offset;
        }
        within = child;
    }
    return false;
}

bool dt_property(dt_node node, const char *name, const void **bytes, size_t *length)
{
    struct token token = token_at(node.offset);

    do {
        token = token_at(token.next);
        if (token.tag == TAG_PROPERTY && strcmp(token.name, name) == 0) {
            *bytes = token.value;
            *length = token.bytes;
            return true;
        }
    } while (token.tag == TAG_PROPERTY || token.tag == TAG_NOP);
    return false;
}

bool dt_u32(dt_node node, const char *name, unsigned index, uint32_t *value)
{
    const void *bytes;
    size_t length;

    if (!dt_property(node, name, &bytes, &length) || length / 4 <= index)
        return false;
    *value = u32_at((const uint8_t *)bytes + 4ul * index);
    return true;
}

const char *dt_string(dt_node node, const char *name)
{
    const void *bytes;
    size_t length;

    if (!dt_property(node, name, &bytes, &length) || length == 0 ||
        ((const char *)bytes)[length - 1] || strlen(bytes) + 1 != length)
        return NULL;
    return bytes;
}

/* Whether a list of strings, each with its NUL, holds @p text. */
static bool list_holds(const char *list, size_t length, const char *text)
{
    size_t text_bytes = strlen(text) + 1;

    while (length >= text_bytes) {
        size_t bytes = 1;

        if (memcmp(list, text, text_bytes) == 0)
            return true;
        while (bytes < length && list[bytes - 1])
            bytes++;
        list += bytes;
        length -= bytes;
    }
    return false;
}

bool dt_usable(dt_node node)
{
    const void *bytes;
    size_t length;
    const char *status = dt_string(node, "status");

    if (!dt_property(node, "status", &bytes, &length))
        return true;
    return status && (strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0);
}

bool dt_find_compatible(const char *compatible, const dt_node *after, dt_node *found)
{
    const void *list;
    size_t length;
    dt_node node;

    for (uint32_t offset = after ? token_at(after->offset).next : 0; node_from(offset, &node);
         offset = token_at(node.offset).next) {
        if (dt_property(node, "compatible", &list, &length) &&
            list_holds(list, length, compatible) && dt_usable(node)) {
            *found = node;
            return true;
        }
    }
    return false;
}

bool dt_find_phandle(uint32_t phandle, dt_node *found)
{
    uint32_t value;
    dt_node node;

    for (uint32_t offset = 0; node_from(offset, &node); offset = token_at(node.offset).next) {
        if (dt_u32(node, "phandle", 0, &value) && value == phandle) {
            *found = node;
            return true;
        }
    }
    return false;
}

/* The child that the first @p length bytes of @p name name: in full, or without the unit address. */
static bool child_named(dt_node node, const char *name, size_t length, dt_node *found)
{
    unsigned matches = 0;
    dt_node child;

    for (const dt_node *after = NULL; dt_child(node, after, &child); after = &child) {
        const char *full = token_at(child.offset).name;

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

bool dt_find_path(const char *path, dt_node *found)
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

bool dt_reg_within(dt_node parent, dt_node node, unsigned index, uint64_t *base, uint64_t *bytes)
{
    uint32_t address_cells = 2, size_cells = 1, step;
    const void *value;
    size_t length;

    dt_u32(parent, "#address-cells", 0, &address_cells);
    dt_u32(parent, "#size-cells", 0, &size_cells);
    if (address_cells == 0 || address_cells > 2 || size_cells > 2 ||
        !dt_property(node, "reg", &value, &length))
        return false;
    step = 4 * (address_cells + size_cells);
    if (length / step <= index)
        return false;
    value = (const uint8_t *)value + (size_t)index * step;
    *base = cells_at(value, address_cells);
    *bytes = cells_at((const uint8_t *)value + 4 * address_cells, size_cells);
    return true;
}

bool dt_reg(dt_node node, unsigned index, paddr *base, uint64_t *bytes)
{
    dt_node parent;

    return node_parent(node, &parent) && dt_reg_within(parent, node, index, &base->value, bytes);
}

bool dt_reservation(unsigned index, uint64_t *base, uint64_t *bytes)
{
    for (const uint8_t *entry = tree.reservations;; entry += 16) {
        *base = cells_at(entry, 2);
        *bytes = cells_at(entry + 8, 2);
        if (*base == 0 && *bytes == 0)
            return false;
        if (index-- == 0)
            return true;
    }
}
