/* The boot archive and its index (archive.h). Both are checked once, when opened; after that entries are
 * walked and index lines parsed where they lie, without bounds and without allocation. */
#include "archive.h"

#include "nucleus/address.h"
#include "nucleus/string.h"

#define INDEX_FILE "mitos.index"
#define INDEX_HEAD "mitos-index 1\n"
#define HEADER_BYTES 110u
#define MODE_TYPE 0170000u
#define MODE_REGULAR 0100000u

/* Fields of the header: a magic of 6 bytes, then these, 8 hexadecimal digits each. */
enum { MODE = 1, FILE_BYTES = 6, NAME_BYTES = 11 };

struct entry {
    const char *name;
    const char *data;
    size_t bytes, next; /* next: offset of the entry behind */
    bool regular;
};

static struct {
    const char *bytes;
    size_t length;
    const char *index, *symbols,
        *end; /* its lines: the first, the first of a symbol, behind the last */
} archive;

static bool hex_parse(const char *digits, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned digit = (unsigned char)digits[i] - '0';

        if (digit > 9) {
            digit = ((unsigned char)digits[i] | 32u) - 'a' + 10;
            if (digit < 10 || digit > 15)
                return false;
        }
        *value = *value << 4 | digit;
    }
    return true;
}

/* Reads and checks the entry at @p offset. @return false: there is none, or it is malformed. */
static bool entry_parse(size_t offset, struct entry *entry)
{
    uint32_t mode, name_bytes, file_bytes;
    const char *header = archive.bytes + offset;
    size_t data, length = archive.length;

    if (offset > length || length - offset < HEADER_BYTES || memcmp(header, "070701", 6) != 0 ||
        !hex_parse(header + 6 + 8 * MODE, &mode) ||
        !hex_parse(header + 6 + 8 * FILE_BYTES, &file_bytes) ||
        !hex_parse(header + 6 + 8 * NAME_BYTES, &name_bytes))
        return false;
    data = align_up(offset + HEADER_BYTES + name_bytes, 4);
    if (name_bytes == 0 || data > length || file_bytes > length - data ||
        header[HEADER_BYTES + name_bytes - 1])
        return false;
    *entry = (struct entry){.name = header + HEADER_BYTES,
                            .data = archive.bytes + data,
                            .bytes = file_bytes,
                            .next = align_up(data + file_bytes, 4),
                            .regular = (mode & MODE_TYPE) == MODE_REGULAR};
    return true;
}

static bool is_trailer(const struct entry *entry)
{
    return strcmp(entry->name, "TRAILER!!!") == 0;
}

/* Moves on to the next regular file; @p entry starts zeroed. @return false: that was the last. */
static bool file_next(struct entry *entry)
{
    do {
        if (!entry_parse(entry->next, entry) || is_trailer(entry))
            return false;
    } while (!entry->regular);
    return true;
}

bool archive_get(unsigned index, const char **name, const void **bytes, size_t *length)
{
    struct entry entry = {0};

    do {
        if (!file_next(&entry))
            return false;
    } while (index-- > 0);
    *name = entry.name;
    *bytes = entry.data;
    *length = entry.bytes;
    return true;
}

bool archive_file(const char *name, const void **bytes, size_t *length)
{
    for (struct entry entry = {0}; file_next(&entry);) {
        if (strcmp(entry.name, name) == 0) {
            *bytes = entry.data;
            *length = entry.bytes;
            return true;
        }
    }
    return false;
}

/* A word of a line of the index. */
struct word {
    const char *text;
    size_t length;
};

static int word_compare(struct word a, struct word b)
{
    int order = memcmp(a.text, b.text, a.length < b.length ? a.length : b.length);

    if (order == 0 && a.length != b.length)
        order = a.length < b.length ? -1 : 1;
    return order;
}

static bool word_is(struct word word, const char *text)
{
    return word_compare(word, (struct word){text, strlen(text)}) == 0;
}

/* Splits the line at *@p at into at most 3 words, with one space between, and moves *@p at behind it.
 * @return how many; 0: malformed. */
static unsigned line_parse(const char **at, struct word words[3])
{
    const char *start = *at, *p = start;
    unsigned count = 0;

    for (;; start = ++p) {
        while (p<archive.end && * p> ' ' && *p <= '~')
            p++;
        if (p == archive.end || p == start || count == 3)
            return 0;
        words[count++] = (struct word){start, (size_t)(p - start)};
        if (*p != ' ')
            break;
    }
    *at = p + 1;
    return *p == '\n' ? count : 0;
}

/* Whether a line stands where it may: what it says, the order, the cell's name. Notes where symbols begin. */
static bool line_valid(const char *line, const struct word *words, unsigned count,
                       struct word *last)
{
    if (count < 2 || words[count - 1].length >= CELL_NAME_ROOM)
        return false;
    if (count == 3 && word_is(words[0], "symbol")) {
        bool first = archive.symbols == archive.end;

        if (!first && word_compare(*last, words[1]) >= 0)
            return false;
        if (first)
            archive.symbols = line;
        *last = words[1];
        return true;
    }
    return archive.symbols == archive.end && ((count == 2 && word_is(words[0], "boot")) ||
                                              (count == 3 && word_is(words[0], "default")));
}

static enum status index_open(struct why *why)
{
    const void *bytes;
    struct word words[3], last = {0};
    size_t length, head = strlen(INDEX_HEAD);
    unsigned number = 1;

    if (!archive_file(INDEX_FILE, &bytes, &length))
        return why_set(why, ERR_FORMAT, "boot archive: it has no %s", INDEX_FILE);
    archive.end = archive.symbols = (const char *)bytes + length;
    archive.index = (const char *)bytes + head;
    if (length < head || memcmp(bytes, INDEX_HEAD, head) != 0)
        return why_set(why, ERR_FORMAT, "boot archive: %s does not begin with its version",
                       INDEX_FILE);
    for (const char *at = archive.index; at < archive.end;) {
        const char *line = at;
        unsigned count = line_parse(&at, words);

        number++;
        if (!line_valid(line, words, count, &last))
            return why_set(why, ERR_FORMAT,
                           "boot archive: line %u of %s is malformed or out of order", number,
                           INDEX_FILE);
    }
    return OK;
}

enum status archive_open(const void *bytes, size_t length, struct why *why)
{
    enum status status = OK;
    struct entry entry = {0};

    archive.bytes = bytes;
    archive.length = length;
    do {
        size_t offset = entry.next;

        if (!entry_parse(offset, &entry))
            status =
                why_set(why, ERR_FORMAT, "boot archive: damaged or cut short at byte %zu of %zu",
                        offset, length);
    } while (status == OK && !is_trailer(&entry));
    if (status == OK)
        status = index_open(why);
    if (status != OK)
        memset(&archive, 0, sizeof archive);
    return status;
}

static bool cell_copy(struct word word, char cell[CELL_NAME_ROOM])
{
    memcpy(cell, word.text, word.length);
    cell[word.length] = '\0';
    return true;
}

bool archive_boot_set(unsigned index, char cell[CELL_NAME_ROOM])
{
    struct word words[3];

    for (const char *at = archive.index; at < archive.symbols;) {
        if (line_parse(&at, words) == 2 && index-- == 0)
            return cell_copy(words[1], cell);
    }
    return false;
}

bool archive_interface_default(const char *interface, char cell[CELL_NAME_ROOM])
{
    struct word words[3];

    for (const char *at = archive.index; at < archive.symbols;) {
        if (line_parse(&at, words) == 3 && word_is(words[1], interface))
            return cell_copy(words[2], cell);
    }
    return false;
}

/* Halves the text, not a table: from the middle back to the start of its line. */
bool archive_symbol_provider(const char *symbol, char cell[CELL_NAME_ROOM])
{
    const char *low = archive.symbols, *high = archive.end;
    struct word words[3], wanted = {symbol, strlen(symbol)};

    while (low < high) {
        const char *line = low + (high - low) / 2, *next;
        int order;

        while (line > low && line[-1] != '\n')
            line--;
        next = line;
        line_parse(&next, words);
        order = word_compare(wanted, words[1]);
        if (order == 0)
            return cell_copy(words[2], cell);
        if (order < 0)
            high = line;
        else
            low = next;
    }
    return false;
}
