/* What a handle alone tells. It needs nothing of the cell's state, so it serves in quarantine, too: tasks that have
 * memory go on with it, and stacks that are kept are used again. */
#include "cell.h"
#include "nucleus/frame.h"
#include "vm.h"
#include "vm_cell.h"

EXPORT void *mapping_address(const mapping *m)
{
    return (void *)m->object->range.start;
}

EXPORT size_t mapping_bytes(const mapping *m)
{
    return m->object->range.pages * PAGE_BYTES;
}
