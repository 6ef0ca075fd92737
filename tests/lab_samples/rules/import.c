/* A function that the manifest does not list.
 *
 * rejected: cell_unload() of nucleus/cells.h: this part may not use it; what it may use stands in the lab's lab.json, `imports` [lint:lab-import]
 * rule off: lab-import
 * rule off: this part may not use it
 */
#include "command.h"
#include "nucleus/cells.h"
#include "nucleus/string.h"

#ifdef WRONG
static int use(int argc, char **argv)
{
    struct why why;

    role_assert_may_park();
    return argc > 1 ? (int)cell_unload(argv[1], &why) : 0;
}
#else
static int use(int argc, char **argv)
{
    return argc > 1 ? (int)strlen(argv[1]) : 0;
}
#endif

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
