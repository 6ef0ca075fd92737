/* A cell that provides an interface defines all of its functions.
 *
 * rejected by pack: test_skip: not exported, but the cell provides `test`
 * rule off: pack not exported, but the cell provides `test`
 */
#define SNIPPET_PROVIDES "test"
#include "snippet.h"
#include "test.h"

EXPORT bool test_check(struct test_run *t, bool good, const char *where, const char *format, ...)
{
    (void)t;
    (void)where;
    (void)format;
    return good;
}

#ifndef WRONG
EXPORT void test_skip(struct test_run *t, const char *why)
{
    (void)t;
    (void)why;
}
#endif
