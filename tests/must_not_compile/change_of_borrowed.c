/* BORROWS is for looking; changing the object takes BORROWS_MUT.
 *
 * rejected by clang: calling function 'mapping_protect' requires holding
 * rule off: clang -Wno-thread-safety-analysis
 */
#include "snippet.h"
#include "vm.h"

#ifdef WRONG
void snippet(mapping *m) BORROWS(*m);
#else
void snippet(mapping *m) BORROWS_MUT(*m);
#endif
void snippet(mapping *m)
{
    mapping_protect(m, MAP_READ);
}
