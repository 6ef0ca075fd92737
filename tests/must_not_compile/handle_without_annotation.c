/* A function that is given a handle says what it does with it; else the analysis would not look.
 *
 * rejected by lint: a handle is passed without MAKES, TAKES, BORROWS or BORROWS_MUT
 * rule off: lint handle-unannotated
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
size_t snippet(const mapping *m);
size_t snippet(const mapping *m)
{
    return m->object != NULL;
}
#else
size_t snippet(const mapping *m) BORROWS(*m);
size_t snippet(const mapping *m)
{
    return mapping_bytes(m);
}
#endif
