/* A union makes a pointer of a number without a cast.
 *
 * rejected: something else than a number in a union: a pointer in it can be made of an integer; use a struct [lint:lab-pointer-in-union]
 * rule off: lab-pointer-in-union
 */
#include "command.h"

#include <stdint.h>

#ifdef WRONG
union place {
    uint64_t number;
    const char *pointer;
    unsigned char bytes[8];
};
#else
struct place {
    uint64_t number;
    const char *pointer;
};
#endif

static int use(int argc, char **argv)
{
#ifdef WRONG
    union place place;
#else
    struct place place;
#endif

    place.number = (uint64_t)argc;
    place.pointer = argv[0];
    return *place.pointer;
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
