/* The archive format: SVR4 portable cpio without checksum, "newc" (cpio(5)). A header of 110
 * hexadecimal characters, the name with its NUL, the data; name and data are each padded to a
 * multiple of 4. Here the name is padded with further NULs, counted in its size, so that data begin
 * at a multiple of 16: the nucleus reads objects where they lie. Times, owners and devices are 0
 * and inodes count up, so equal input gives an equal archive. */
#include "pack.h"

#include <string.h>

#define HEADER_BYTES 110
#define FIELD_COUNT 13
#define MODE_FILE 0100644u
#define TRAILER "TRAILER!!!"

enum field {
    INODE,
    MODE,
    UID,
    GID,
    LINKS,
    TIME,
    SIZE,
    MAJOR,
    MINOR,
    RMAJOR,
    RMINOR,
    NAME_SIZE,
    CHECK
};

static void add_header(struct buffer *archive, const uint32_t fields[FIELD_COUNT])
{
    buffer_print(archive, "070701");
    for (size_t i = 0; i < FIELD_COUNT; i++)
        buffer_print(archive, "%08x", fields[i]);
}

static uint32_t read_field(const uint8_t *header, enum field field, bool *malformed)
{
    uint32_t value = 0;

    for (size_t i = 0; i < 8; i++) {
        static const char digits[] = "0123456789abcdef";
        const char byte = (char)header[6 + 8 * field + i];
        const char *digit =
            byte ? strchr(digits, byte >= 'A' && byte <= 'F' ? byte + ('a' - 'A') : byte) : NULL;

        if (!digit) {
            *malformed = true;
            return 0;
        }
        value = value << 4 | (uint32_t)(digit - digits);
    }
    return value;
}

void cpio_add(struct buffer *archive, uint32_t inode, const char *name, const void *bytes,
              size_t length)
{
    size_t name_end = archive->length + HEADER_BYTES + strlen(name) + 1;
    size_t name_size = strlen(name) + 1 + (16 - name_end % 16) % 16;
    uint32_t fields[FIELD_COUNT] = {[INODE] = inode,
                                    [MODE] = MODE_FILE,
                                    [LINKS] = 1,
                                    [SIZE] = (uint32_t)length,
                                    [NAME_SIZE] = (uint32_t)name_size};

    add_header(archive, fields);
    buffer_add(archive, name, strlen(name) + 1);
    buffer_align(archive, 16);
    buffer_add(archive, bytes, length);
    buffer_align(archive, 4);
}

void cpio_end(struct buffer *archive)
{
    uint32_t fields[FIELD_COUNT] = {[LINKS] = 1, [NAME_SIZE] = sizeof TRAILER};

    add_header(archive, fields);
    buffer_add(archive, TRAILER, sizeof TRAILER);
    buffer_align(archive, 512); /* cpio's block */
}

bool cpio_next(const uint8_t *archive, size_t length, size_t *offset, const char **name,
               const uint8_t **bytes, size_t *size, bool *malformed)
{
    size_t rest = length - *offset, name_size, data;
    const uint8_t *header;

    *malformed = true;
    if (rest < HEADER_BYTES || memcmp(archive + *offset, "070701", 6) != 0)
        return false;
    header = archive + *offset;
    *malformed = false;
    name_size = read_field(header, NAME_SIZE, malformed);
    *size = read_field(header, SIZE, malformed);
    data = (HEADER_BYTES + name_size + 3) & ~(size_t)3;
    if (*malformed || name_size == 0 || data > rest || *size > rest - data ||
        header[HEADER_BYTES + name_size - 1] != 0) {
        *malformed = true;
        return false;
    }
    *name = (const char *)header + HEADER_BYTES;
    *bytes = header + data;
    data += (*size + 3) & ~(size_t)3;
    *offset += data < rest ? data : rest;
    return strcmp(*name, TRAILER) != 0;
}
