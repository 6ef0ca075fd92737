/* A link of the chain (unwind_cells.h): calls chain_d. */
#include "chain.h"

CHAIN_CELL(chain_c, 'c', chain_d);
