/* A link of the chain (unwind_cells.h): calls chain_c. */
#include "chain.h"

CHAIN_CELL(chain_b, 'b', chain_c);
