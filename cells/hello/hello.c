/* The smallest cell that does something: one exported function and one command. */
#include "command.h"
#include "console.h"
#include "hello.h"

EXPORT uint64_t hello_add(uint64_t a, uint64_t b)
{
    return a + b;
}

static int hello(int argc, char **argv)
{
    role_assert_may_park();
    if (argc > 2) {
        print("usage: hello [NAME]\n");
        return 2;
    }
    print("Hello, %s.\n", argc == 2 ? argv[1] : "world");
    return 0;
}

COMMAND(hello, .usage = "hello [NAME]", .help = "greets NAME, or the world", .run = hello);

CELL(.name = "hello", .version = "1.0", .summary = "Greets: the smallest cell, for a first look",
     .provides = "hello");
