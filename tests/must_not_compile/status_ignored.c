/* A status that must be checked is checked.
 *
 * rejected by gcc: ignoring return value of 'kind_create'
 */
#include "snippet.h"
#include "nucleus/heap.h"

enum status snippet(struct kind **kind);
enum status snippet(struct kind **kind)
{
#ifdef WRONG
    kind_create(kind, "snippet", 16, 8);
    return OK;
#else
    return kind_create(kind, "snippet", 16, 8);
#endif
}
