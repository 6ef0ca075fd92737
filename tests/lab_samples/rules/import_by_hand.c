/* A declaration by hand can give a function another type, so that its result is a pointer.
 *
 * rejected: hello_add() is declared by hand: #include "hello.h" instead [lint:lab-declared-by-hand]
 * rule off: lab-declared-by-hand
 * part: {"imports": ["hello.h"]}
 */
#include "command.h"

#include <stdint.h>

#ifdef WRONG
char *hello_add(char *a, uint64_t b);

static int use(int argc, char **argv)
{
    return *hello_add(argv[0], (uint64_t)argc);
}
#else
#include "hello.h"

static int use(int argc, char **argv)
{
    return (int)hello_add((uint64_t)argv[0][0], (uint64_t)argc);
}
#endif

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
