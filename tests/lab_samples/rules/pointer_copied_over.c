/* Bytes of a number are copied over a pointer.
 *
 * rejected: bytes are copied over a pointer: assign it [lint:lab-pointer-overlaid]
 * rejected: bytes are written over a pointer: assign it [lint:lab-pointer-overlaid]
 * rule off: lab-pointer-overlaid
 */
#include "command.h"
#include "nucleus/string.h"

#include <stdint.h>

#ifdef WRONG
static char place(uint64_t number, char *pointer)
{
    char *others[2];

    memcpy(&pointer, &number, sizeof pointer);
    memset(others, 0x41, sizeof others);
    return *pointer + *others[1];
}
#else
static char place(uint64_t number, char *pointer)
{
    char *others[2] = {pointer, pointer}, *copies[2];

    memset(copies, 0, sizeof copies);
    memcpy(copies, others, sizeof copies);
    return copies[1][number];
}
#endif

static int use(int argc, char **argv)
{
    return place((uint64_t)argc, argv[0]);
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
