/* What each snippet begins with: it is a cell of its own. */
#ifndef SNIPPET_H
#define SNIPPET_H

#include "cell.h"
#include "own.h"

#ifndef SNIPPET_PROVIDES
#define SNIPPET_PROVIDES ""
#endif

CELL(.name = "snippet", .version = "1.0", .summary = "One rule.", .provides = SNIPPET_PROVIDES);

#endif
