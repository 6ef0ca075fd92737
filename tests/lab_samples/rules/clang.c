/* What GCC compiles, and clang cannot read and so not check: a function within a function.
 *
 * rejected: clang, which checks what GCC compiles, says: function definition is not allowed here [lint:lab-clang]
 * rule off: none, the check that all cells pass refuses it, too
 */
#include "command.h"

static int use(int argc, char **argv)
{
#ifdef WRONG
    int of_all(void)
    {
        return argc + argv[0][0];
    }

    return of_all();
#else
    return argc + argv[0][0];
#endif
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
