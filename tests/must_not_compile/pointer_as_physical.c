/* A pointer is no physical address.
 *
 * rejected by gcc: incompatible type for argument 1 of 'hart_set_page_table'
 * rejected by clang: passing 'void *' to parameter of incompatible type 'paddr'
 * rule off: clang -include plain_address.h
 * rule off: gcc -include plain_address.h
 */
#include "snippet.h"
#include "nucleus/hart.h"

void snippet(void *root) REQUIRES(irqs_off);
void snippet(void *root)
{
#ifdef WRONG
    hart_set_page_table(root);
#else
    hart_set_page_table(pointer_to_physical(root));
#endif
}
