/* A cell that lends addresses of itself (lender.h). */
#include "lender.h"
#include "cell.h"

EXPORT const char *lender_text(void)
{
    return LENDER_TEXT;
}

EXPORT uint64_t lender_add(uint64_t x)
{
    return x + 1;
}

CELL(.name = "lender", .version = "1.0", .summary = "Lends addresses of itself, for tests");
