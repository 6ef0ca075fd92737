/* A physical address is no pointer.
 *
 * rejected by gcc: incompatible type for argument 1 of 'memset'
 * rejected by clang: passing 'paddr'
 * rule off: clang -include plain_address.h
 * rule off: gcc -include plain_address.h
 */
#include "snippet.h"
#include "nucleus/address.h"
#include "nucleus/string.h"

void snippet(paddr page);
void snippet(paddr page)
{
#ifdef WRONG
    memset(page, 0, PAGE_BYTES);
#else
    memset(physical_to_pointer(page), 0, PAGE_BYTES);
#endif
}
