/* An annotation is nothing for GCC: what is told apart by that compiles, and no analysis of ownership sees it.
 *
 * rejected: snippet.c:25: GCC, which compiles this, and clang, which checks it, do not read the same here: use the macros of abi/ only as its headers show [lint:lab-two-readings]
 * rule off: lab-two-readings
 * part: {"imports": ["console.h", "task.h"]}
 */
#include "command.h"
#include "console.h"

#include <limits.h>
#include <stddef.h>

#define COMMA() ,
#define THIRD(first, second, third, ...) third
#define LATER(...) THIRD(__VA_ARGS__)
#define IF_EMPTY(what, yes, no) LATER(COMMA what(), yes, no, 0)

static int forget(int number) REQUIRES(may_park);
static int forget(int number)
{
    OWN(wait_op) op = {0};

    wait_begin(&op);
#ifdef WRONG
    IF_EMPTY(MAKES(op), , wait_end(&op));
#else
    wait_end(&op);
#endif
    return number;
}

/* What the compilers' own headers write differently. */
static int use(int argc, char **argv)
{
    static const uint64_t most[] = {UINT64_MAX, INT64_MAX, UINT32_MAX, SIZE_MAX, ULONG_MAX, UINT_MAX, UINT8_MAX,
                                    UINT64_C(7), UINTPTR_MAX, CHAR_BIT};
    static const int64_t least[] = {INT64_MIN, INT32_MIN, INT_MIN, INT8_MIN, LONG_MIN, INT64_C(7), PTRDIFF_MIN};
    const bool is_true = true;

    role_assert_may_park();
    return forget(argc) + argv[0][most[0] + (uint64_t)least[1] + offsetof(struct command, help)] + is_true;
}

COMMAND(snippet, .usage = "snippet", .help = "is a snippet", .run = use);
