/* The place of a pointer is written as a number.
 *
 * rejected: what a pointer is stored in is taken for something else [lint:lab-pointer-overlaid]
 * rejected: snippet.c:19: what a pointer is stored in is taken for something else [lint:lab-pointer-overlaid]
 * rejected: snippet.c:22: what a pointer is stored in is taken for something else [lint:lab-pointer-overlaid]
 * rejected: something else is taken for what a pointer is stored in [lint:lab-pointer-overlaid]
 * rule off: lab-pointer-overlaid
 */
#include "command.h"
#include "nucleus/string.h"

#include <stdint.h>

#ifdef WRONG
static char place(uint64_t number, const char *pointer)
{
    uint64_t *where = (uint64_t *)&pointer;
    char **place_of = (char **)&number;
    void *further = &pointer;

    *where = number;
    further = &place_of;
    memcpy(further, &number, sizeof number);
    return *pointer + **place_of;
}
#else
static char place(uint64_t number, const char *pointer)
{
    const char **where = &pointer;

    *where += number;
    return **where;
}
#endif

static int use(int argc, char **argv)
{
    return place((uint64_t)argc, argv[0]);
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
