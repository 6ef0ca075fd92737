/* Nor can what was borrowed be handed on by a return.
 *
 * rejected by lint: the address of a handle is returned: a borrow ends with the call
 * rule off: lint borrow-kept
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
const mapping *snippet(const mapping *a, const mapping *b) BORROWS(*a, *b);
const mapping *snippet(const mapping *a, const mapping *b)
{
    return mapping_bytes(a) < mapping_bytes(b) ? b : a;
}
#else
size_t snippet(const mapping *a, const mapping *b) BORROWS(*a, *b);
size_t snippet(const mapping *a, const mapping *b)
{
    return mapping_bytes(a) < mapping_bytes(b) ? mapping_bytes(b) : mapping_bytes(a);
}
#endif
