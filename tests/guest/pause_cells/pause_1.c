#include "sites.h"

PAUSE_CELL(1, CALL);
