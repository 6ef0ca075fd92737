/* A handle of one kind is none of another.
 *
 * rejected by gcc: incompatible pointer type
 * rejected by clang: incompatible pointer types passing 'mapping *'
 * rejected by lint: the address of a handle is converted: the analysis loses sight of it
 * rule off: gcc -Wno-incompatible-pointer-types
 * rule off: clang -Wno-incompatible-pointer-types -Wno-thread-safety-analysis
 * rule off: lint handle-converted
 */
#include "snippet.h"
#include "nucleus/frame.h"
#include "vm.h"

void snippet(mapping *m) TAKES(*m);
void snippet(mapping *m)
{
#ifdef WRONG
    frames_drop(m);
#else
    mapping_drop(m);
#endif
}
