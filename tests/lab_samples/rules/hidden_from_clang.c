/* A macro of abi/ that is empty for one of the compilers chooses what the other one compiles. No #if is needed for it.
 *
 * rejected: an integer becomes a pointer: take the address of something that you own instead [lint:lab-pointer-made]
 * rejected: GCC, which compiles this, and clang, which checks it, do not read the same here
 * rule off: lab-pointer-made
 * rule off: lab-two-readings
 */
#include "command.h"

#include <stdint.h>

#ifdef WRONG
#define COMMA() ,
#define THIRD(first, second, third, ...) third
#define LATER(...) THIRD(__VA_ARGS__)
#define IF_EMPTY(what, yes, no) LATER(COMMA what(), yes, no, 0)
static int place(uint64_t number)
{
    return IF_EMPTY(CELL_IN_ORDER, 0, *(char *)number) + (int)number;
}
#else
static int place(uint64_t number)
{
    return (int)number;
}
#endif

static int use(int argc, char **argv)
{
    return place((uint64_t)argc + (uint64_t)argv[0][0]);
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
