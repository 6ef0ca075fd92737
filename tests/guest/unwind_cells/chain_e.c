/* The last link of the chain (unwind_cells.h): calls where it begins. */
#include "chain.h"

CHAIN_CELL(chain_e, 'e', passage->enter);
