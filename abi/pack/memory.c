/* Memory that is kept until the program ends, and the growing buffer made of it. All blocks hang on
 * one list, so that a leak checker sees them as what they are: in use. */
#include "pack.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    _Alignas(16) uint8_t bytes[];
};

static struct block *blocks;

void *memory_take(size_t count, size_t bytes)
{
    size_t total;
    struct block *block;

    if (__builtin_mul_overflow(count, bytes, &total) ||
        __builtin_add_overflow(total, sizeof *block, &total) || !(block = calloc(1, total))) {
        fprintf(stderr, "pack: out of memory\n");
        exit(PACK_REFUSED);
    }
    block->next = blocks;
    blocks = block;
    return block->bytes;
}

char *text_copy(const char *text, size_t length)
{
    char *copy = memory_take(length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

static char *format_list(const char *format, va_list arguments)
{
    va_list again;
    int length;
    char *text;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = memory_take((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *text_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = format_list(format, arguments);
    va_end(arguments);
    return text;
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    return hash;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    if (buffer->room - buffer->length < length) {
        size_t room = 2 * (buffer->length + length) + 256;
        uint8_t *larger = memory_take(room, 1);

        if (buffer->length > 0)
            memcpy(larger, buffer->bytes, buffer->length);
        buffer->bytes = larger;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = format_list(format, arguments);
    va_end(arguments);
    buffer_add(buffer, text, strlen(text));
}

void buffer_align(struct buffer *buffer, size_t alignment)
{
    static const uint8_t zero;

    while (buffer->length % alignment != 0)
        buffer_add(buffer, &zero, 1);
}
