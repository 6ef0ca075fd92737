/* The address of a function is counted with, so that a call enters it elsewhere.
 *
 * rejected: snippet.c:19: arithmetic with the address of a function: keep functions in an array [lint:lab-function-address]
 * rejected: snippet.c:20: arithmetic with the address of a function: keep functions in an array [lint:lab-function-address]
 * rejected: snippet.c:21: arithmetic with the address of a function: keep functions in an array [lint:lab-function-address]
 * rule off: lab-function-address
 */
#include "command.h"

static int tell(void)
{
    return 3;
}

static int use(int argc, char **argv)
{
#ifdef WRONG
    int (*function)(void) = tell;
    function = function + 4;
    function -= argc;
    function++;
    return function() + argv[0][0];
#else
    int (*const functions[])(void) = {tell};

    return functions[argc & 0]() + argv[0][0];
#endif
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
