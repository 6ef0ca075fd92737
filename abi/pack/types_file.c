/* Reads a text of types (abi/types_text.h). */
#include "btf.h"

#include <string.h>

bool types_parse(struct types_file *file, const char *path, const void *bytes, size_t length)
{
    struct types_span rest;
    struct types_record record;
    size_t lines = 1;

    *file = (struct types_file){.path = path};
    for (size_t i = 0; i < length; i++)
        lines += ((const char *)bytes)[i] == '\n';
    file->records = memory_take(lines, sizeof *file->records);
    if (!types_open(bytes, length, &rest)) {
        fprintf(stderr, "%s: not a text of types (pack signatures)\n", path);
        return false;
    }
    while (types_next(&rest, &record))
        file->records[file->count++] = record;
    if (rest.bytes == 0)
        return true;
    fprintf(stderr, "%s: not a text of types: at \"%.*s\"\n", path,
            (int)types_cut(&(struct types_span){rest.at, rest.bytes}, '\n').bytes, rest.at);
    return false;
}

bool types_read(struct types_file *file, const char *path)
{
    uint8_t *bytes;
    size_t length;

    return file_read(path, &bytes, &length) && types_parse(file, path, bytes, length);
}

const struct types_record *types_file_find(const struct types_file *file, const char *what,
                                      const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (types_equal(file->records[i].what, types_word(what)) &&
            types_equal(file->records[i].name, types_word(name)))
            return &file->records[i];
    return NULL;
}

const struct types_record *types_file_numbered(const struct types_file *file, uint64_t number)
{
    for (size_t i = 0; i < file->count; i++)
        if (file->records[i].number == number && number > 0)
            return &file->records[i];
    return NULL;
}
