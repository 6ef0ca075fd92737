/* Where GCC calls memset by itself, to clear a struct, it takes that for unable to fault: on a stack that is full
 * the cleanups of this function would not run. Written down, the call is one like any other.
 *
 * rejected by gaps: memset, and GCC takes it for unable to fault
 * rule off: gaps snippet memset
 */
#include "snippet.h"
#include "nucleus/log.h"
#include "nucleus/string.h"
#include "vm.h"

struct lines {
    char text[20][80];
};

static void say(const struct lines *lines)
{
    log_write("%s", lines->text[0]);
}

void snippet(void);
void snippet(void)
{
    OWN(mapping) m = {0};
#ifdef WRONG
    struct lines lines = {0};
#else
    struct lines lines;

    memset(&lines, 0, sizeof lines);
#endif
    say(&lines);
    if (!mapping_map(&m, 4096, MAP_WRITE))
        return;
    mapping_drop(&m);
}
