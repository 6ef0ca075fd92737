/*
 * The comparison of types (abi/types_compare.h) over any two texts, and the search for a text in any object: nothing is
 * read outside of them, and it comes to an end. The texts are the input's halves behind their first lines, or the input
 * is the object.
 */
#define TYPES_COMPARE_HERE
#include "types_object.h"
#include "types_say.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(void *argument, const struct types_difference *difference)
{
    char line[64];

    (void)argument;
    types_say(difference, line, sizeof line);
    if (strlen(line) >= sizeof line)
        abort();
}

/* A copy of its own, so that a look beyond its end is seen. */
static struct types_span copy(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + !size);

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    return (struct types_span){bytes, size};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct types_span a = copy(data, size / 2), b = copy(data + size / 2, size - size / 2), found;
    static struct types_compare compare;

    memset(&compare, 0, sizeof compare);
    compare.a = a;
    compare.b = b;
    compare.exports = compare.layouts = true;
    compare.tell = tell;
    types_compare(&compare);
    if (types_of_object(b.at, b.bytes, &found) &&
        (found.at < b.at || found.at + found.bytes > b.at + b.bytes))
        abort();
    free((void *)a.at);
    free((void *)b.at);
    return 0;
}
