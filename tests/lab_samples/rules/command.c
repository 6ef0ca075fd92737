/* A command of another name: it could take the place of one of the lab.
 *
 * rejected: check: a command of this name is not this part's; it may have these: snippet
 * rule off: a command of this name is not this part
 */
#include "command.h"

static int use(int argc, char **argv)
{
    return argc + argv[0][0];
}

#ifdef WRONG
COMMAND(check, .usage = "check", .help = "is a snippet", .run = use);
#else
COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
#endif
