/* The device tree as the nucleus needs it: dt_open() checks every token of it once, and what is asked
 * before there are cells is found by one walk, dt_range_find(). It walks anew for each question: the tree
 * of a machine with 8 harts has some 600 tokens, and it is asked a few dozen times in a boot. */
#include "dt.h"

#define MAGIC 0xd00dfeedu
#define HEADER_BYTES 40u

/* Words of the header (5.2), as offsets. */
enum { TOTAL_BYTES = 4, STRUCTURE = 8, STRINGS = 12, RESERVATIONS = 16, VERSION = 20 };
enum { OLDEST_VERSION = 24, STRINGS_BYTES = 32, STRUCTURE_BYTES = 36 };

/* Before a tree is open: a root node with nothing in it, then an end of reservations. */
static const uint8_t none[32] = {[3] = DT_BEGIN, [11] = DT_END_NODE, [15] = DT_END};
static struct dt_tree tree = {.structure = none, .reservations = none + 16};

const struct dt_tree *dt_tree(void)
{
    return &tree;
}

/* One root node at offset 0, ends that match the beginnings, properties inside of nodes, and DT_END, whose
 * zeroes end any name before it. */
static bool structure_valid(const struct dt_tree *made, uint32_t bytes, uint32_t strings_bytes,
                            uint32_t *bad)
{
    uint32_t end = bytes - 4;
    int depth = 0;

    *bad = 0;
    if (bytes < 8 || bytes % 4 != 0 || dt_u32_at(made->structure + end) != DT_END)
        return false;
    for (; *bad < end; *bad = dt_token_at(made, *bad).next) {
        const uint8_t *at = made->structure + *bad;
        uint32_t tag = dt_u32_at(at), room = end - *bad;

        if (tag < DT_BEGIN || tag > DT_NOP || (tag == DT_BEGIN && depth == DT_DEPTH_MOST) ||
            (*bad == 0 ? tag != DT_BEGIN : depth == 0 && tag != DT_NOP) ||
            (tag == DT_PROPERTY &&
             (room < 12 || dt_u32_at(at + 4) > room - 12 || dt_u32_at(at + 8) >= strings_bytes)))
            return false;
        depth += (tag == DT_BEGIN) - (tag == DT_END_NODE);
    }
    return *bad == end && depth == 0;
}

/* Whether bytes start .. start + bytes - 1 are part of the tree, behind its header. */
static bool block_valid(const uint8_t *blob, uint64_t start, uint64_t bytes)
{
    return start >= HEADER_BYTES && start + bytes <= dt_u32_at(blob + TOTAL_BYTES);
}

static bool reservations_valid(const uint8_t *blob)
{
    for (uint64_t start = dt_u32_at(blob + RESERVATIONS); block_valid(blob, start, 16);
         start += 16) {
        if (dt_number(blob + start, 2) == 0 && dt_number(blob + start + 8, 2) == 0)
            return true;
    }
    return false;
}

enum status dt_open(const void *blob, size_t most, struct why *why)
{
    const uint8_t *at = blob;
    uint32_t structure_bytes, strings_bytes, bad;
    struct dt_tree made;

    if ((uintptr_t)at % 8 != 0 || most < HEADER_BYTES || dt_u32_at(at) != MAGIC ||
        dt_u32_at(at + TOTAL_BYTES) > most)
        return why_set(why, ERR_FORMAT, "device tree: there is none, or it is cut short");
    if (dt_u32_at(at + VERSION) < 17 || dt_u32_at(at + OLDEST_VERSION) > 17)
        return why_set(why, ERR_UNSUPPORTED, "device tree: version %u, only 17 is understood",
                       dt_u32_at(at + VERSION));
    structure_bytes = dt_u32_at(at + STRUCTURE_BYTES);
    strings_bytes = dt_u32_at(at + STRINGS_BYTES);
    if (!block_valid(at, dt_u32_at(at + STRUCTURE), structure_bytes) ||
        !block_valid(at, dt_u32_at(at + STRINGS), strings_bytes) || !reservations_valid(at))
        return why_set(why, ERR_FORMAT, "device tree: a block of it exceeds its length");
    made = (struct dt_tree){.structure = at + dt_u32_at(at + STRUCTURE),
                            .reservations = at + dt_u32_at(at + RESERVATIONS),
                            .strings = (const char *)at + dt_u32_at(at + STRINGS),
                            .bytes = dt_u32_at(at + TOTAL_BYTES)};
    if (strings_bytes > 0 && made.strings[strings_bytes - 1])
        return why_set(why, ERR_FORMAT, "device tree: its strings do not end");
    if (!structure_valid(&made, structure_bytes, strings_bytes, &bad))
        return why_set(why, ERR_FORMAT, "device tree: damaged at offset 0x%x of its structure",
                       bad);
    tree = made;
    return OK;
}

bool dt_range_find(const char *parent, const char *key, const char *value, unsigned index,
                   uint64_t *base, uint64_t *bytes)
{
    dt_node parents[DT_DEPTH_MOST] = {{0}}, node = {0};
    int depth = 0;

    while (dt_next(&tree, &node, &depth)) {
        parents[depth] = node;
        if ((parent && depth != (*parent ? 2 : 1)) ||
            (parent && strcmp(dt_token_at(&tree, parents[depth - 1].offset).name, parent) != 0) ||
            (value && !dt_lists(&tree, node, key, value)) || !dt_usable(&tree, node))
            continue;
        for (unsigned i = 0; dt_range(&tree, parents[depth - 1], node, i, base, bytes); i++) {
            if (index-- == 0)
                return true;
        }
    }
    return false;
}

bool dt_memory(unsigned index, uint64_t *base, uint64_t *bytes)
{
    return dt_range_find("", "device_type", "memory", index, base, bytes);
}

bool dt_reserved(unsigned index, uint64_t *base, uint64_t *bytes)
{
    for (const uint8_t *entry = tree.reservations;; entry += 16, index--) {
        *base = dt_number(entry, 2);
        *bytes = dt_number(entry + 8, 2);
        if (*base == 0 && *bytes == 0)
            return dt_range_find("reserved-memory", NULL, NULL, index, base, bytes);
        if (index == 0)
            return true;
    }
}

/* The number, of one or two cells, that some child of the root has for @p name; @p otherwise when none has. */
static uint64_t number_find(const char *name, uint64_t otherwise)
{
    dt_node node = {0};
    uint32_t bytes;
    int depth = 0;

    while (dt_next(&tree, &node, &depth)) {
        const uint8_t *value = depth == 1 ? dt_value(&tree, node, name, &bytes) : NULL;

        if (value && (bytes == 4 || bytes == 8))
            return dt_number(value, bytes / 4);
    }
    return otherwise;
}

bool dt_initrd(uint64_t *base, uint64_t *bytes)
{
    uint64_t end = number_find("linux,initrd-end", 0);

    *base = number_find("linux,initrd-start", UINT64_MAX);
    *bytes = end - *base;
    return end > *base;
}

uint64_t dt_timebase(void)
{
    return number_find("timebase-frequency", 0);
}
