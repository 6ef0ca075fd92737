/* The boot archive and its index (archive.h). Both are checked once, when opened; after that entries are
 * walked and index lines read where they lie, without allocation. */
#include "archive.h"

#include "nucleus/address.h"
#include "nucleus/string.h"
#include "text.h"

#define TRAILER "TRAILER!!!"
#define INDEX_FILE "mitos.index"
#define INDEX_HEAD "mitos-index 2\n"

/* An entry is a magic of 6 bytes, fields of 8 hexadecimal digits, its name. Where some fields stand from the name: */
enum { MODE = 14 - 110, FILE_BYTES = 54 - 110, NAME_BYTES = 94 - 110, HEADER_BYTES = 110 };

struct entry {
    const char *name;
    size_t offset, data, bytes; /* offset, data: from the start of the archive */
};

/* index, end: the lines of the index behind its head. */
static struct {
    const char *bytes, *index, *end;
    size_t length;
} archive;

/* A field of a header. What is no digit has some value, too; archive_check() finds it. */
static uint32_t hex_at(const char *digits)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 8; i++) {
        uint8_t letter = (uint8_t)digits[i];

        value = value << 4 | ((letter & 15u) + 9u * (letter >> 6)); /* of letters bit 6 is set */
    }
    return value;
}

static bool is_hex(const char *digits)
{
    for (unsigned i = 0; i < 8; i++) {
        if (digit_value(digits[i]) > 15)
            return false;
    }
    return true;
}

/* Moves on to the entry behind @p entry, which starts zeroed. @return false: it is cut short or malformed. */
static bool entry_next(struct entry *entry)
{
    size_t offset = align_up(entry->data + entry->bytes, 4);
    const char *name = archive.bytes + offset + HEADER_BYTES;
    uint32_t name_bytes;

    *entry = (struct entry){.name = name, .offset = offset};
    if (offset + HEADER_BYTES > archive.length)
        return false;
    name_bytes = hex_at(name + NAME_BYTES);
    entry->data = align_up(offset + HEADER_BYTES + name_bytes, 4);
    entry->bytes = hex_at(name + FILE_BYTES);
    return entry->data + entry->bytes <= archive.length && name_bytes > 0 && !name[name_bytes - 1];
}

bool archive_get(const char *wanted, unsigned index, const char **name, const void **bytes,
                 size_t *length)
{
    struct entry entry = {0};

    while (entry_next(&entry) && strcmp(entry.name, TRAILER) != 0) {
        if ((wanted && strcmp(entry.name, wanted) != 0) ||
            (hex_at(entry.name + MODE) & 0170000) != 0100000 || /* a regular file */
            index-- > 0)
            continue;
        *name = entry.name;
        *bytes = archive.bytes + entry.data;
        *length = entry.bytes;
        return true;
    }
    return false;
}

/* Where a word of the index ends. */
static const char *word_end(const char *at)
{
    while (at != archive.end && *at > ' ' && *at <= '~')
        at++;
    return at;
}

/* Compares words, which end at a blank, a newline or a NUL. */
static int word_compare(const char *a, const char *b)
{
    for (; *a == *b && *a > ' '; a++)
        b++;
    return (*a > ' ' ? *a : 0) - (*b > ' ' ? *b : 0);
}

/* Each entry, up to the trailer, then each line of the index: it must be "KEY CELL" with a key behind that of the
 * line before, and a cell's name that fits. */
static enum status archive_check(struct why *why)
{
    size_t head = strlen(INDEX_HEAD), length;
    const char *name, *last = "", *cell, *end;
    struct entry entry = {0};
    unsigned number = 2;
    const void *index;

    do {
        if (!entry_next(&entry) || memcmp(entry.name - HEADER_BYTES, "070701", 6) != 0 ||
            !is_hex(entry.name + MODE) || !is_hex(entry.name + FILE_BYTES) ||
            !is_hex(entry.name + NAME_BYTES))
            return why_set(why, ERR_FORMAT, "boot archive: damaged or cut short at byte %zu of %zu",
                           entry.offset, archive.length);
    } while (strcmp(entry.name, TRAILER) != 0);
    if (!archive_get(INDEX_FILE, 0, &name, &index, &length))
        return why_set(why, ERR_FORMAT, "boot archive: it has no %s", INDEX_FILE);
    if (length < head || memcmp(index, INDEX_HEAD, head) != 0)
        return why_set(why, ERR_FORMAT, "boot archive: %s does not begin with its version",
                       INDEX_FILE);
    archive.index = (const char *)index + head;
    archive.end = (const char *)index + length;
    for (const char *line = archive.index; line < archive.end; line = end + 1, number++) {
        cell = word_end(line) + 1;
        end = cell < archive.end ? word_end(cell) : archive.end;
        if (end == archive.end || *end != '\n' || cell[-1] != ' ' || cell == line + 1 ||
            end == cell || end - cell >= CELL_NAME_ROOM || word_compare(last, line) >= 0)
            return why_set(why, ERR_FORMAT,
                           "boot archive: line %u of %s is malformed or out of order", number,
                           INDEX_FILE);
        last = line;
    }
    return OK;
}

enum status archive_open(const void *bytes, size_t length, struct why *why)
{
    archive.bytes = bytes;
    archive.length = length;
    if (archive_check(why) == OK)
        return OK;
    memset(&archive, 0, sizeof archive);
    return ERR_FORMAT;
}

/* Halves the text, not a table: from the middle back to the start of its line. */
bool archive_provider(const char *key, char cell[CELL_NAME_ROOM])
{
    const char *low = archive.index, *high = archive.end;

    while (low < high) {
        const char *line = low + (high - low) / 2, *name;
        int order;

        while (line > low && line[-1] != '\n')
            line--;
        name = word_end(line) + 1;
        order = word_compare(key, line);
        if (order == 0) {
            string_copy(cell, (size_t)(word_end(name) - name) + 1, name);
            return true;
        }
        if (order < 0)
            high = line;
        else
            low = word_end(name) + 1;
    }
    return false;
}
