/* A place in the code is a pointer that can be counted with.
 *
 * rejected: the address of a label: use switch [lint:lab-label-address]
 * rejected: goto to a computed place: use switch [lint:lab-label-address]
 * rule off: lab-label-address
 */
#include "command.h"

#include <stdint.h>

#ifdef WRONG
static int choose(int number)
{
    const void *place = number ? &&yes : &&yes;

    goto *place;
yes:
    return 1;
}
#else
static int choose(int number)
{
    switch (number) {
    case 0:
        return 2;
    default:
        return 1;
    }
}
#endif

static int use(int argc, char **argv)
{
    return choose(argc) + argv[0][0];
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
