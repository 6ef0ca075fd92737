/* What a cell exports is declared by a header of abi/.
 *
 * rejected by pack: snippet: exported, but no header of abi/ declares it
 * rule off: pack exported, but no header of abi/ declares it
 */
#include "snippet.h"

int snippet(void);
#ifdef WRONG
EXPORT
#endif
int snippet(void)
{
    return 1;
}
