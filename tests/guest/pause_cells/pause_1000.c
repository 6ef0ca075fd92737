#include "sites.h"

PAUSE_CELL(1000, TEN(TEN(TEN(CALL))));
