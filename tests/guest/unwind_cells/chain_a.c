/* A link of the chain (unwind_cells.h): calls chain_b. */
#include "chain.h"

CHAIN_CELL(chain_a, 'a', chain_b);
