/* NULL and a number are a pointer made of a number.
 *
 * rejected: snippet.c:18: arithmetic with NULL makes a pointer of an integer [lint:lab-pointer-made]
 * rejected: snippet.c:23: arithmetic with NULL makes a pointer of an integer [lint:lab-pointer-made]
 * rejected: snippet.c:28: a member of NULL is a pointer made of an integer
 * rule off: lab-pointer-made
 */
#include "command.h"

#include <stddef.h>
#include <stdint.h>

static const char text[] __attribute__((unused)) = "abcdefgh";

#ifdef WRONG
static const char *place(uint64_t number)
{
    return (const char *)NULL + number;
}
static const char *other(uint64_t number)
{

    return &((const char *)(const void *)0)[number];
}
static uint64_t third(void)
{

    return (uint64_t) & ((struct command *)0)->help;
}
#else
static const char *place(uint64_t number)
{
    return text + (number & 7);
}
static const char *other(uint64_t number)
{
    return &text[number & 7];
}
static uint64_t third(void)
{
    return offsetof(struct command, help);
}
#endif

static int use(int argc, char **argv)
{
    return *place((uint64_t)argv[0][0]) + *other((uint64_t)argc) + (int)third();
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
