/* A link of the chain (unwind_cells.h): calls chain_e. */
#include "chain.h"

CHAIN_CELL(chain_d, 'd', chain_e);
