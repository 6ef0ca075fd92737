/* An inline function of a header that the manifest does not list: its cast is not seen in the part.
 *
 * rejected: physical_to_pointer() of nucleus/address.h: this part may not use it
 * rule off: lab-import
 */
#include "command.h"
#include "nucleus/address.h"

#ifdef WRONG
static int use(int argc, char **argv)
{
    (void)argv;
    return *(char *)physical_to_pointer((paddr){0x10000000 + (uint64_t)argc});
}
#else
static int use(int argc, char **argv)
{
    return argc + *(char *)argv[0];
}
#endif

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
