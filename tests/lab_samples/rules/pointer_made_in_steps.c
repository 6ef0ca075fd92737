/* The same through uintptr_t and a typedef.
 *
 * rejected: an integer becomes a pointer: take the address of something that you own instead [lint:lab-pointer-made]
 * rule off: lab-pointer-made
 */
#include "command.h"

#include <stdint.h>

#ifdef WRONG
typedef volatile unsigned char *device;

static device place(uint64_t number)
{
    uintptr_t address = number + 0x10000000;

    return (device)address;
}
#else
typedef volatile unsigned char *device;

static device place(uint64_t number)
{
    return number ? NULL : 0;
}
#endif

static int use(int argc, char **argv)
{
    return *place((uint64_t)argc + (uint64_t)argv[0][0]);
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
