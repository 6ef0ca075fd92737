/* The list of functions that the headers of abi/ declare, one line "SYMBOL HEADER" each, as the
 * build makes it from the compiler's own view of the headers. */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

static int compare_functions(const void *a, const void *b)
{
    const struct declared_function *first = a, *second = b;

    return strcmp(first->name, second->name);
}

static void add_function(struct declared *declared, const char *name, const char *header)
{
    if (declared->count == declared->room) {
        size_t room = 2 * declared->room + 64;
        struct declared_function *larger = memory_take(room, sizeof *larger);

        if (declared->count > 0)
            memcpy(larger, declared->functions, declared->count * sizeof *larger);
        declared->functions = larger;
        declared->room = room;
    }
    declared->functions[declared->count++] = (struct declared_function){name, header};
}

bool declared_parse(struct declared *declared, const char *path, const void *bytes, size_t length)
{
    char *rest = length > 0 ? text_copy(bytes, length) : NULL, *line;
    unsigned number = 0;

    while (rest && (line = strsep(&rest, "\n"))) {
        char *space = strchr(line, ' ');

        number++;
        if (*line == '\0')
            continue;
        if (!space || space == line || space[1] == '\0') {
            fprintf(stderr, "%s:%u: not a line \"SYMBOL HEADER\"\n", path, number);
            return false;
        }
        *space = '\0';
        add_function(declared, line, space + 1);
    }
    if (declared->count > 0)
        qsort(declared->functions, declared->count, sizeof *declared->functions, compare_functions);
    return true;
}

bool declared_read(struct declared *declared, const char *path)
{
    uint8_t *bytes;
    size_t length;

    return file_read(path, &bytes, &length) && declared_parse(declared, path, bytes, length);
}

const char *declared_header(const struct declared *declared, const char *name)
{
    struct declared_function key = {.name = name}, *found;

    if (declared->count == 0)
        return NULL;
    found = bsearch(&key, declared->functions, declared->count, sizeof key, compare_functions);
    return found ? found->header : NULL;
}
