/* A function is called as one of another type, or its code is read as data.
 *
 * rejected: a pointer is taken for the address of a function of another type: use one type from end to end [lint:lab-function-address]
 * rejected: snippet.c:28: the address of a function is taken for something else [lint:lab-function-address]
 * rejected: snippet.c:33: the address of a function is taken for something else [lint:lab-function-address]
 * rejected: snippet.c:52: the address of a function is taken
 * rule off: lab-function-address
 */
#include "command.h"

#include <stddef.h>
#include <stdint.h>

static int tell(void)
{
    return 3;
}

#ifdef WRONG
static int call(const void *what)
{
    int (*function)(void) = (int (*)(void))what;

    return function();
}
static int code(void)
{
    return *(const int *)tell;
}
static int number(void)
{

    return (int)((uint64_t)tell & 0xff);
}
#else
static int call(int (*function)(void))
{
    return function();
}
static int code(void)
{
    return tell();
}
static int number(void)
{
    return sizeof tell() == 4;
}
#endif

static int use(int argc, char **argv)
{
    return call(tell) + code() + number() + argc + argv[0][0];
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
