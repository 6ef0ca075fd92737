/* What the nucleus alone calls is not for a part, whatever the manifest lists.
 *
 * rejected: console_emergency: called, but only the nucleus calls it: a part of a lab leaves it alone
 * rule off: only the nucleus calls it
 */
#include "command.h"
#include "console.h"

#ifdef WRONG
static int use(int argc, char **argv)
{
    console_emergency(argv[0], (size_t)argc);
    return 0;
}
#else
static int use(int argc, char **argv)
{
    role_assert_may_park();
    console_write(argv[0], (size_t)argc);
    return 0;
}
#endif

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
