#include "sites.h"

PAUSE_CELL(5000, FIVE(TEN(TEN(TEN(CALL)))));
