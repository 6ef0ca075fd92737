/* The same in the form of C23.
 *
 * rejected: [[...]]: write __attribute__((...)) [lint:lab-attribute]
 * rule off: none, clang does not know the form
 */
#include "command.h"

#ifdef WRONG
[[gnu::noinline]] static int use(int argc, char **argv)
#else
__attribute__((noinline)) static int use(int argc, char **argv)
#endif
{
    return argc + argv[0][0];
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
