#include "sites.h"

PAUSE_CELL(10, TEN(CALL));
