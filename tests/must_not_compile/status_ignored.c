/* A status that must be checked is checked.
 *
 * rejected by gcc: ignoring return value of 'kind_create'
 * rejected by clang: ignoring return value of function
 * rule off: clang -Wno-unused-result
 * rule off: gcc -Wno-unused-result
 */
#include "snippet.h"
#include "nucleus/heap.h"

KIND(snippet, "snippet", uint64_t);

enum status snippet(struct kind **kind);
enum status snippet(struct kind **kind)
{
#ifdef WRONG
    kind_create(kind, &kind_snippet);
    return OK;
#else
    return kind_create(kind, &kind_snippet);
#endif
}
