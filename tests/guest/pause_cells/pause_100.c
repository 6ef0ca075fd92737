#include "sites.h"

PAUSE_CELL(100, TEN(TEN(CALL)));
