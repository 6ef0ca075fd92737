/* A cell with nothing in it, to measure what a load costs at least. */
#include "cell.h"

CELL(.name = "empty", .version = "1.0", .summary = "Nothing, to measure the cost of a load");
