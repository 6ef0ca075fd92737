/* An integer that is cast to a pointer leads anywhere, to a device, too.
 *
 * rejected: an integer becomes a pointer: take the address of something that you own instead [lint:lab-pointer-made]
 * rule off: lab-pointer-made
 */
#include "command.h"

#include <stdint.h>

#ifdef WRONG
static char *place(uint64_t *number)
{
    return (char *)*number;
}
#else
static char *place(uint64_t *number)
{
    return (char *)number;
}
#endif

static int use(int argc, char **argv)
{
    return *place((uint64_t[1]){(uint64_t)argc + (uint64_t)argv[0][0]});
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
